"""The models of a service, and how others take their place while it answers.

A request reads ``Generations.current`` once and works with that object to its end: crops, numbers, decoding, thresholds
and the names in its answer are one generation's. A generation ends with its last request.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from bentos.common.answers import model_refs
from bentos.common.batching import Batcher
from bentos.common.errors import DependencyUnavailable, FaceSocialError
from bentos.common.face_analysis import FaceAnalysis
from bentos.common.metrics import Metrics
from bentos.common.model_set import Chosen, key_of
from bentos.common.perception import Perception
from bentos.common.spec import DETECTOR, FACES, ServiceSpec
from bentos.common.trial import Trial, require_answers
from bentos.contracts import ModelRef
from models.catalogue.card import ModelCard, Task
from models.errors import ModelUnavailable

logger = logging.getLogger(__name__)

T = TypeVar("T")
LOAD_LIMIT_S = 900.0
"""Building a GPU's engines takes minutes."""


@dataclass(frozen=True, slots=True)
class Member:
    """One batched model of a service: a network, or an ensemble."""

    cards: tuple[ModelCard, ...]
    batcher: Batcher


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Models:
    """All models of a service at one time; never changed.

    Attributes:
        members: By the model's name in the service.
        cards: All of them, the main one first.
        refs: The same in the words of the contract.
        keys: Tell the answers of these models from those of any others.
        perception: Decodes and finds faces with this generation's detector.
    """

    spec: ServiceSpec
    members: Mapping[str, Member]
    cards: tuple[ModelCard, ...]
    refs: list[ModelRef]
    keys: tuple[str, ...]
    perception: Perception
    _analysis: FaceAnalysis | None
    _made: dict[Any, Any] = field(default_factory=dict)

    @property
    def face_cards(self) -> tuple[ModelCard, ...]:
        """The cards of the service's own model."""
        return self.members[FACES].cards

    @property
    def analysis(self) -> FaceAnalysis:
        """The service's own model on the faces of a picture; a service that only detects has none."""
        assert self._analysis is not None
        return self._analysis

    def made(self, make: Callable[[Models], T]) -> T:
        """What ``make`` makes of this generation, once for all requests.

        It keeps perception, analysis and cards, never this object: a generation that holds itself never ends.
        """
        found: T | None = self._made.get(make)
        if found is None:
            found = self._made.setdefault(make, make(self))
        return found


Open = Callable[[str, Sequence[ModelCard], Callable[[], Chosen]], Batcher]
"""Makes the batcher of a model by its name in the service and its cards; graphs are looked up when it starts."""
See = Callable[[Batcher, ModelCard], Perception]
"""Makes the first half of a service around a detector."""


@dataclass(frozen=True, slots=True)
class Opening:
    """How a service makes generations."""

    spec: ServiceSpec
    open: Open
    see: See

    def first(self, cards: Mapping[str, tuple[ModelCard, ...]], find: Callable[[str], Chosen]) -> Models:
        """The generation that a service begins with, not loaded yet.

        Args:
            cards: By the model's name.
            find: Where the graphs of a name's models lie; asked when they are loaded.
        """
        return self.assemble(
            {name: Member(some, self.open(name, some, _asking(find, name))) for name, some in cards.items()}
        )

    def assemble(self, members: Mapping[str, Member]) -> Models:
        """A generation of these models."""
        cards = tuple(card for member in members.values() for card in member.cards)
        detector = members[DETECTOR]
        perception = self.see(detector.batcher, detector.cards[0])
        faces = members.get(FACES)
        return Models(
            spec=self.spec,
            members=MappingProxyType(dict(members)),
            cards=cards,
            refs=model_refs(cards),
            keys=tuple(key_of(member.cards) for member in members.values()),
            perception=perception,
            _analysis=FaceAnalysis(perception, faces.batcher, faces.cards) if faces else None,
        )


class Generations:
    """Holds the current generation, and puts another in its place.

    Attributes:
        current: What a request that begins now is answered by.
    """

    def __init__(self, opening: Opening, first: Models, metrics: Metrics) -> None:
        self.current = first
        self._opening = opening
        self._metrics = metrics
        self._trials: list[Trial] = []
        self._changing = threading.Lock()
        self._settled = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loading: Future[None] | None = None

    def add_trial(self, trial: Trial) -> None:
        """What other models have to pass before they serve."""
        self._trials.append(trial)

    async def start(self) -> None:
        """Load the models that the service begins with; may be called again where it failed.

        Raises:
            ModelUnavailable: One cannot be had or loaded.
            DependencyUnavailable: The process that holds models does not answer.
        """
        self._loop = asyncio.get_running_loop()
        models = self.current
        for name, member in models.members.items():
            await member.batcher.start()
            self._serving(name, member)

    def close(self) -> None:
        """Stop waiting for what is being loaded."""
        self._loop = None
        if (loading := self._loading) is not None:
            loading.cancel()

    @property
    def settled(self) -> bool:
        """Whether models that the spec fixes stay."""
        return self._settled

    def settle(self) -> None:
        """From now on the models that the spec fixes stay: what a service keeps rests on them."""
        self._settled = True

    def replace(self, task: Task, chosen: Chosen) -> Models:
        """Load models, try them, and let every request that begins afterwards be answered by them.

        Not to be called in the event loop's thread. The models that serve a task already are left as they are.

        Returns:
            The current generation.

        Raises:
            ModelUnavailable: They cannot be loaded, fail a trial, or are not for this service.
            Overloaded: There was no time for a trial. As with the next one, another try may succeed.
            DependencyUnavailable: The process that holds models does not answer, or the service has not begun.
        """
        with self._changing:
            name = self._name_of(task, chosen)
            if self.current.members[name].cards == chosen.cards:
                return self.current
            if self._settled and name in self._opening.spec.fixed:
                raise ModelUnavailable(
                    f"What {self._opening.spec.name} keeps was made with its {task.value} model: "
                    "another one is taken up when the service is started again."
                )
            models = self._with(name, chosen)
            self.current = models
            self._serving(name, models.members[name])
            logger.info("%s now answers with %s", models.spec.name, _said(chosen.cards))
            return models

    def beside(self, task: Task, chosen: Chosen) -> Models:
        """The current generation with other models for a task, loaded and tried, which answers nobody.

        Its other models are those that are current now.

        Raises:
            ModelUnavailable: As for ``replace``.
            Overloaded: As for ``replace``.
            DependencyUnavailable: As for ``replace``.
        """
        with self._changing:
            return self._with(self._name_of(task, chosen), chosen)

    def _serving(self, name: str, member: Member) -> None:
        spec = self._opening.spec
        self._metrics.serving(name, member.cards, member.batcher.provider)
        if name == spec.main:
            self._metrics.scoring(member.cards[0], spec.scores)

    def _name_of(self, task: Task, chosen: Chosen) -> str:
        name = next((name for name, one in self._opening.spec.tasks.items() if one is task), None)
        others = [card.name for card in chosen.cards if card.task is not task]
        if name is None or others or not chosen.cards:
            raise ModelUnavailable(
                f"{', '.join(others) or task.value} does not answer {task.value} in {self._opening.spec.name}."
            )
        if name == DETECTOR and len(chosen.cards) != 1:
            raise ModelUnavailable("Faces are detected by one model; several are no ensemble.")
        return name

    def _with(self, name: str, chosen: Chosen) -> Models:
        try:
            member = Member(chosen.cards, self._opening.open(name, chosen.cards, lambda: chosen))
            self._on_loop(member.batcher.start())
            models = self._opening.assemble({**self.current.members, name: member})
        except FaceSocialError:
            raise
        except Exception as error:  # cards and graphs of a registry may be anything
            raise ModelUnavailable(
                f"{_said(chosen.cards)} cannot be used: {type(error).__name__}: {error}"
            ) from error
        require_answers(models, self._trials)
        return models

    def _on_loop(self, work: Coroutine[Any, Any, None]) -> None:
        loop = self._loop
        if loop is None:
            work.close()
            raise DependencyUnavailable("The service is starting or ending; try again in a moment.")
        self._loading = loading = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            loading.result(LOAD_LIMIT_S)
        except (CancelledError, TimeoutError) as error:
            loading.cancel()
            raise DependencyUnavailable("The models were not loaded in time.") from error
        finally:
            self._loading = None


def _asking(find: Callable[[str], Chosen], name: str) -> Callable[[], Chosen]:
    return lambda: find(name)


def _said(cards: Sequence[ModelCard]) -> str:
    return ", ".join(f"{card.name} {card.version} ({card.sha256[:12]})" for card in cards)
