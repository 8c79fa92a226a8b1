"""Whether cards hold only what a command finds again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from models.catalogue import OWN
from models.catalogue.card import Figure, ModelCard
from models.runtime.session import OrtSession
from models.runtime.store import BUNDLED
from training_eval.own.makers import maker
from training_eval.own.material import Material
from training_eval.settings import TrainingSettings


def held_figures(cards: Sequence[ModelCard], settings: TrainingSettings) -> list[tuple[Figure, float | None]]:
    """Measured figures of our own models' cards beside the same figures computed now.

    Figures of published models' cards are found again by the commands that they name (``training_eval.calibration``).

    Returns:
        Nothing where there is no material; None for a figure that is computed no longer.
    """
    own = [card for card in cards if card.name in OWN.get(card.task, ())]
    if not own or settings.photos is None or settings.model_mirror is None:
        return []
    material = Material.of(settings)
    return [pair for card in own for pair in _of(card, material)]


def _of(card: ModelCard, material: Material) -> list[tuple[Figure, float | None]]:
    session = OrtSession(card, BUNDLED / card.file_name)
    now = defaultdict[str, list[float]](list)
    for one in maker(card.task).measure(material, session):
        now[one.metric].append(one.value)
    # A metric may stand in a card several times, for different data: in the same order both times.
    return [(figure, now[figure.metric].pop(0) if now[figure.metric] else None) for figure in card.measured]
