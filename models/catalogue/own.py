"""The project's own default weights: cards written beside the graphs by the training that made them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from models.catalogue.card import ModelCard, Task
from models.catalogue.serial import card_from_json

FOLDER = Path(__file__).parents[1] / "weights"


def read_cards(folder: Path) -> tuple[ModelCard, ...]:
    """The cards of a folder of default weights, by file name.

    Raises:
        ModelUnavailable: One of the files is no card.
    """
    return tuple(
        card_from_json(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.json"))
    )


def names_by_task(cards: tuple[ModelCard, ...]) -> Mapping[Task, tuple[str, ...]]:
    """Names of the models that serve each task."""
    return MappingProxyType(
        {task: names for task in Task if (names := tuple(card.name for card in cards if card.task is task))}
    )


CARDS = read_cards(FOLDER)
