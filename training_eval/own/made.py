"""What the training of one of our own models gives, and what its module offers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from models.catalogue.card import Figure, ModelCard
from models.catalogue.serial import card_to_json
from models.runtime.session import OrtSession
from training_eval.own.material import Material
from training_eval.training.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Made:
    """A graph and its card, whose digest is the graph's."""

    card: ModelCard
    graph: bytes

    def write(self, folder: Path) -> Path:
        """Put both into a folder, older graphs of the same model go.

        Returns:
            Where the graph lies.
        """
        folder.mkdir(parents=True, exist_ok=True)
        graph = folder / self.card.file_name
        _replace(graph, self.graph)
        text = json.dumps(card_to_json(self.card), indent=2, ensure_ascii=False) + "\n"
        _replace(folder / f"{self.card.name}.json", text.encode())
        for old in folder.glob(f"{self.card.name}-*.onnx"):
            if old != graph:
                old.unlink()
        return graph


class Maker(Protocol):
    """A module of ``training_eval.own`` that makes one of the models."""

    SCHEDULE: Schedule

    def make(self, material: Material, schedule: Schedule, folder: Path) -> Made:
        """Train, export and measure; ``folder`` keeps the checkpoint."""

    def measure(self, material: Material, session: OrtSession) -> tuple[Figure, ...]:
        """The figures of the card, from the shipped graph and held-back material."""


def _replace(path: Path, content: bytes) -> None:
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content)
    new.replace(path)
