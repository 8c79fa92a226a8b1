"""Models of any version without a graph: every answer says which version found, cut and judged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from bentos.common.batching import Batcher, ProcessBatcher
from bentos.common.generations import Generations, Models, Open, Opening
from bentos.common.loading import LazyModel
from bentos.common.metrics import Metrics
from bentos.common.model_set import Chosen
from bentos.common.perception import Perception
from bentos.common.settings import BatchSettings
from bentos.common.spec import ServiceSpec
from bentos.common.workers import PixelBudget
from models.catalogue import CATALOGUE, DEFAULTS
from models.catalogue.card import ModelCard, Task
from models.processing.decode import ImageLimits
from models.runtime.batch import BatchModel
from models.runtime.session import Floats, Pixels

BATCH = BatchSettings(mode="process", max_size=4, max_age_ms=10_000.0, max_queue=1000, workers=2)
SCORE = 0.7
"""Of a face that version 0 finds; each version adds a thousandth."""
SIDE = 64
"""Of a crop of version 0, in pixels; each version adds one."""


def version_of(card: ModelCard) -> int:
    return int(card.version.partition(".")[0])


def cards_of(task: Task, version: int) -> tuple[ModelCard, ...]:
    """The task's first published card as if it were another model, of which everything says the version."""
    card = CATALOGUE[DEFAULTS[task][0]]
    changed = replace(
        card,
        version=f"{version}.0.0",
        sha256=hashlib.sha256(f"{task.value} {version}".encode()).hexdigest(),
        decoding=MappingProxyType({**card.decoding, "dimension": version}),
        thresholds=MappingProxyType({**card.thresholds, "0.001": version / 1000}),
    )
    if task is not Task.FACE_DETECTION:
        side = SIDE + version
        template = tuple((x / 112 * side, y / 112 * side) for x, y in card.crop.template)
        changed = replace(
            changed,
            crop=replace(card.crop, template=template),
            input=replace(card.input, width=side, height=side),
        )
    return (changed,)


def chosen_of(task: Task, version: int) -> Chosen:
    return Chosen(cards_of(task, version), MappingProxyType({}))


@dataclass
class DrawnModel:
    """Finds one face in every picture, or judges every face; both in a way that tells its version."""

    cards: tuple[ModelCard, ...]
    provider: str = "DrawnExecutionProvider"
    fault: Exception | None = None
    asked: list[int] = field(default_factory=list)

    def warm_up(self) -> None:
        """Nothing is to be done."""

    def predict(self, items: Sequence[Pixels]) -> list[Floats]:
        if self.fault is not None:
            raise self.fault
        self.asked.append(len(items))
        version = version_of(self.cards[0])
        if self.cards[0].task is Task.FACE_DETECTION:
            return [_face(item, version) for item in items]
        return [np.array([version, item.shape[-2] - SIDE, 1, 0], np.float32) for item in items]


def _face(canvas: Pixels, version: int) -> Floats:
    height, width = canvas.shape[:2]
    points = [(0.4, 0.4), (0.6, 0.4), (0.5, 0.5), (0.42, 0.62), (0.58, 0.62)]
    box = (0.25 * width, 0.25 * height, 0.5 * width, 0.5 * height)
    marks = [at for x, y in points for at in (x * width, y * height)]
    return np.array([[*box, *marks, SCORE + version / 1000]], np.float32)


Load = Callable[[Chosen], BatchModel]


def drawn(chosen: Chosen) -> BatchModel:
    return DrawnModel(chosen.cards)


def in_process(metrics: Metrics, load: Load = drawn) -> Open:
    """Batchers of this process around what ``load`` makes."""

    def open_batcher(name: str, cards: Sequence[ModelCard], find: Callable[[], Chosen]) -> Batcher:
        return ProcessBatcher(LazyModel(cards, lambda: load(find()), metrics), BATCH)

    return open_batcher


def opening_of(spec: ServiceSpec, open_batcher: Open) -> Opening:
    limits, budget = ImageLimits(), PixelBudget(10_000_000)
    return Opening(spec, open_batcher, lambda detector, card: Perception(detector, card, limits, budget))


def drawn_generations(
    spec: ServiceSpec,
    version: int = 1,
    metrics: Metrics | None = None,
    open_batcher: Open | None = None,
) -> Generations:
    """A service's models at a version, not started yet."""
    metrics = metrics or Metrics(spec.name)
    opening = opening_of(spec, open_batcher or in_process(metrics))
    return Generations(opening, first_of(opening, version), metrics)


def first_of(opening: Opening, version: int) -> Models:
    cards: Mapping[str, tuple[ModelCard, ...]] = {
        name: cards_of(task, version) for name, task in opening.spec.tasks.items()
    }
    return opening.first(cards, lambda name: Chosen(cards[name], MappingProxyType({})))
