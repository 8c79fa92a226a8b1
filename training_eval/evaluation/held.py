"""Whether cards hold only what a command finds again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from models.catalogue import OWN
from models.catalogue.card import Figure, ModelCard
from models.runtime.session import OrtSession
from models.runtime.store import BUNDLED
from training_eval.calibration.faces import Loader
from training_eval.calibration.found_again import found_again
from training_eval.own.makers import maker
from training_eval.own.material import Material
from training_eval.settings import TrainingSettings


def held_figures(cards: Sequence[ModelCard], settings: TrainingSettings) -> list[tuple[Figure, float | None]]:
    """Measured figures of cards beside the same figures computed now.

    Returns:
        Nothing where there is no material; None for a figure that is computed no longer.
    """
    if settings.photos is None or settings.model_mirror is None:
        return []
    if cards[0].name in OWN.get(cards[0].task, ()):
        material = Material.of(settings)
        return [pair for card in cards for pair in _of(card, material)]
    return _published(cards[0], settings, settings.photos, settings.model_mirror)


def _published(
    card: ModelCard, settings: TrainingSettings, photos: Path, mirror: str
) -> list[tuple[Figure, float | None]]:
    """The members of an ensemble have the same figures: those of all together."""
    if not card.measured:
        return []
    values = found_again(card, Loader(mirror, settings.cache), photos, settings.faces)
    return [] if values is None else list(zip(card.measured, values, strict=True))


def _of(card: ModelCard, material: Material) -> list[tuple[Figure, float | None]]:
    session = OrtSession(card, BUNDLED / card.file_name)
    now = defaultdict[str, list[float]](list)
    for one in maker(card.task).measure(material, session):
        now[one.metric].append(one.value)
    # A metric may stand in a card several times, for different data: in the same order both times.
    return [(figure, now[figure.metric].pop(0) if now[figure.metric] else None) for figure in card.measured]
