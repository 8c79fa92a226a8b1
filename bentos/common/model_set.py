"""Which models serve: the published ones, or those that come with the project; and where their graphs lie."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Self

from bentos.common.settings import PREFIX, Settings
from models.catalogue import CATALOGUE, DEFAULTS, OWN
from models.catalogue.card import ModelCard, Task
from models.catalogue.serial import card_to_json
from models.errors import ModelUnavailable
from models.runtime.bundle import Bundle
from models.runtime.store import WeightStore

ModelSet = Literal["own", "published"]
DIGITS = 16


@dataclass(frozen=True, slots=True)
class Chosen:
    """The models that answer one task.

    Attributes:
        cards: In their order; several are an ensemble.
        paths: The graph of each card by its digest.
    """

    cards: tuple[ModelCard, ...]
    paths: Mapping[str, Path]

    @classmethod
    def of_bundle(cls, bundle: Bundle) -> Self:
        """What a bundle holds."""
        return cls(bundle.cards, MappingProxyType({card.sha256: bundle.path(card) for card in bundle.cards}))

    @property
    def key(self) -> str:
        """Names these models and no others."""
        return key_of(self.cards)


@dataclass(frozen=True, slots=True)
class Sets:
    """The two sets of models that there are.

    Attributes:
        published: Names of the published models by task; whole.
        own: Names of the project's own by task; whole, or the set cannot be chosen.
        catalogue: Their cards.
    """

    published: Mapping[Task, tuple[str, ...]]
    own: Mapping[Task, tuple[str, ...]]
    catalogue: Mapping[str, ModelCard]

    def cards(self, chosen: ModelSet, task: Task) -> tuple[ModelCard, ...]:
        """The models of a set that serve a task.

        Raises:
            ModelUnavailable: The project has none of its own for it.
        """
        names = (self.own if chosen == "own" else self.published).get(task)
        if not names:
            raise ModelUnavailable(
                f"This package has no weights of its own for {task.value}: set {PREFIX}MODEL_SOURCE=published."
            )
        return tuple(self.catalogue[name] for name in names)

    def all_published(self) -> tuple[ModelCard, ...]:
        """Every card of the published set."""
        return tuple(card for task in self.published for card in self.cards("published", task))


SETS = Sets(DEFAULTS, OWN, CATALOGUE)


def model_set(settings: Settings, sets: Sets = SETS, store: WeightStore | None = None) -> ModelSet:
    """The set that all services of a machine run where the registry says nothing else.

    By itself that is the published one where it can be had without asking anybody unasked: all of it lies here, a
    package brings it (a bento holds the models of its service alone), or a mirror is set. Else it is the project's own.

    Args:
        settings: Of the process.
        sets: What there is to choose from.
        store: Where graphs lie; by default where the settings say.
    """
    if settings.model_source in ("own", "published"):
        return "own" if settings.model_source == "own" else "published"
    store = store or store_of(settings)
    published = sets.all_published()
    here = (
        bool(settings.store.mirror)
        or any(store.bundles(card) for card in published)
        or all(store.find(card) for card in published)
    )
    return "published" if here or set(sets.own) != set(sets.published) else "own"


def choose(
    task: Task, settings: Settings, sets: Sets = SETS, store: WeightStore | None = None
) -> tuple[ModelCard, ...]:
    """The cards that serve a task, by the settings.

    Raises:
        ModelUnavailable: The chosen set has none for it.
    """
    return sets.cards(model_set(settings, sets, store), task)


def locate(cards: Sequence[ModelCard], store: WeightStore) -> Chosen:
    """Cards with their graphs, which are fetched where they are not here.

    Raises:
        WeightsMissing: One cannot be had; the message names the remedy.
        DigestMismatch: One is not what its card names.
    """
    return Chosen(tuple(cards), MappingProxyType({card.sha256: store.resolve(card) for card in cards}))


def served(
    settings: Settings, tasks: Sequence[Task], sets: Sets = SETS, store: WeightStore | None = None
) -> Mapping[Task, Chosen]:
    """What serves these tasks on this machine at the moment, for a process beside the services.

    Where a registry is followed, that is what the services here keep of it; for other tasks what the settings choose.

    Raises:
        ModelUnavailable: As for ``choose`` and ``locate``.
    """
    store = store or store_of(settings)
    chosen = model_set(settings, sets, store)
    kept = {task: _kept(task, settings) for task in tasks}
    return {task: kept[task] or locate(sets.cards(chosen, task), store) for task in tasks}


def _kept(task: Task, settings: Settings) -> Chosen | None:
    if settings.model_source != "mlflow":
        return None
    from bentos.common.registry.kept import Kept

    last = Kept(settings.champions).champion(task)
    return Chosen.of_bundle(last.held.bundle) if last and last.held else None


def key_of(cards: Sequence[ModelCard]) -> str:
    """Tells a model, or an ensemble, from every other: by graphs, and by how their cards read what they say."""
    text = json.dumps([card_to_json(card) for card in cards], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def store_of(settings: Settings) -> WeightStore:
    """The weight store that the settings describe."""
    store = settings.store
    return WeightStore(store.cache, mirror=store.mirror, offline=store.offline)
