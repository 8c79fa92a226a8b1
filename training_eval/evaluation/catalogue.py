"""Every model of the catalogue that is on this machine, in the combinations that can serve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from models.catalogue import CATALOGUE, DEFAULTS, OWN
from models.catalogue.card import Calibration, ModelCard, Task
from models.errors import ModelUnavailable
from models.runtime.bundle import Bundle, write_bundle
from models.runtime.store import WeightStore

_UNCALIBRATED = Calibration(slope=1.0, intercept=0.0, fitted_on="not fitted: this network serves nothing")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Models that are measured together.

    Attributes:
        title: For people.
        bundle: None where one of them is not on this machine.
        why: Then, what to do.
    """

    title: str
    cards: tuple[ModelCard, ...]
    bundle: Bundle | None
    why: str = ""


def candidates(store: WeightStore, tasks: Sequence[Task], folder: Path) -> Iterator[Candidate]:
    """What serves first, then each other model alone.

    Args:
        store: Where graphs are looked for; it fetches what its mirror has.
        tasks: Which models.
        folder: Bundles are put together in it.
    """
    for task in tasks:
        served = [DEFAULTS[task], *([OWN[task]] if task in OWN else [])]
        backups = [
            (card.name,)
            for card in CATALOGUE.values()
            if card.task is task and not any(card.name in names for names in served)
        ]
        for names in (*served, *backups):
            yield _candidate(store, names, folder / names[0])


def _candidate(store: WeightStore, names: Sequence[str], folder: Path) -> Candidate:
    cards = tuple(_able(CATALOGUE[name]) for name in names)
    title = " + ".join(f"{card.name} {card.version}" for card in cards)
    try:
        graphs = [(card, store.resolve(card).read_bytes()) for card in cards]
    except ModelUnavailable as error:
        return Candidate(title, cards, None, error.message)
    return Candidate(title, cards, write_bundle(folder, graphs))


def _able(card: ModelCard) -> ModelCard:
    """A network without a share in its ensemble, made to speak for itself."""
    if card.decoding.get("combine") != "mean logit" or card.decoding["weight"]:
        return card
    return replace(
        card,
        decoding=MappingProxyType({**card.decoding, "weight": 1.0}),
        calibration=card.calibration or _UNCALIBRATED,
    )
