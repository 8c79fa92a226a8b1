"""A folder with everything that serves a task: graphs, and the cards that describe them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.catalogue.card import ModelCard, Task
from models.catalogue.serial import card_from_json, card_to_json
from models.errors import DigestMismatch, ModelUnavailable
from models.runtime.store import digest

CARDS = "cards.json"


@dataclass(frozen=True, slots=True)
class Bundle:
    """The models of one task, in the order of their cards.

    Attributes:
        folder: Holds each card's graph under its ``file_name``, and ``cards.json``.
        cards: At least one; several are an ensemble.
    """

    folder: Path
    cards: tuple[ModelCard, ...]

    @property
    def task(self) -> Task:
        """What the models answer."""
        return self.cards[0].task

    def path(self, card: ModelCard) -> Path:
        """Where a card's graph lies."""
        return self.folder / card.file_name


def write_bundle(folder: Path, graphs: Sequence[tuple[ModelCard, bytes]]) -> Bundle:
    """Write graphs and cards into a folder, which is made.

    Raises:
        ModelUnavailable: No model, models of several tasks, or a graph that is not its card's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for card, graph in graphs:
        (folder / card.file_name).write_bytes(graph)
    cards = [card_to_json(card) for card, _ in graphs]
    (folder / CARDS).write_text(json.dumps(cards, indent=2) + "\n", encoding="utf-8")
    return read_bundle(folder)


def read_bundle(folder: Path) -> Bundle:
    """The bundle in a folder, its graphs checked against their cards.

    Raises:
        ModelUnavailable: It holds none, or models of several tasks.
        DigestMismatch: A graph is not the one that its card names.
    """
    try:
        data = json.loads((folder / CARDS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(
            f"{folder.name} holds no readable {CARDS}: it is no bundle of models."
        ) from error
    if not isinstance(data, list) or not data or not all(isinstance(card, dict) for card in data):
        raise ModelUnavailable(f"{CARDS} in {folder.name} is no list of cards.")
    bundle = Bundle(folder, tuple(map(card_from_json, data)))
    if len({card.task for card in bundle.cards}) != 1:
        raise ModelUnavailable(
            f"The models in {folder.name} answer different tasks; a bundle holds one task's."
        )
    for card in bundle.cards:
        _check(bundle, card)
    return bundle


def _check(bundle: Bundle, card: ModelCard) -> None:
    path = bundle.path(card)
    found = digest(path) if path.is_file() else None
    if found != card.sha256:
        raise DigestMismatch(
            f"The graph of {card.name} {card.version} is {'changed' if found else 'missing'} in {bundle.folder.name}.",
            {"model": card.name, "expected": card.sha256, "found": found},
        )
