"""Subjects without a network: a face fills the middle of each picture, and its colour says what it is."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from models.catalogue import CATALOGUE, DEFAULTS
from models.catalogue.card import ModelCard, Task
from models.processing.views import views_of
from models.runtime.detector import Detection
from models.runtime.ensemble import FaceModel
from models.runtime.fake import FakeSession
from training_eval.data import open_set
from training_eval.evaluation.subject import FaceSubject

SIDE = 200
NOBODY = 255
"""Value of the green channel in a picture without a face."""


def paint(path: Path, blue: int, green: int = 0, red: int = 0) -> Path:
    """A picture of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((SIDE, SIDE, 3), (blue, green, red), np.uint8))
    return path


@dataclass(frozen=True)
class MiddleFinder:
    """Finds one face in the middle; none where the picture says so."""

    card: ModelCard = field(default_factory=lambda: CATALOGUE["yunet-n"])

    def all(self, pixels, min_score=None):
        if pixels[0, 0, 1] == NOBODY:
            return []
        box = np.array([50, 50, 100, 100], np.float32)
        points = np.array([[80, 85], [120, 85], [100, 105], [85, 125], [115, 125]], np.float32)
        return [Detection(box, points, 0.9)]

    def main(self, pixels):
        found = self.all(pixels)
        return (pixels, found[0]) if found else None

    def work(self):
        return None


def subject(task: Task, answer: Callable[[np.ndarray], np.ndarray], output: str) -> FaceSubject:
    """The published models of a task, with an answer that is a function of the crop's mean colour [3]."""
    cards = tuple(CATALOGUE[name] for name in DEFAULTS[task])

    def run(images):
        return {output: np.stack([answer(image.mean(axis=(0, 1))) for image in images]).astype(np.float32)}

    sessions = [FakeSession(card, run) for card in cards]
    return FaceSubject(cards, MiddleFinder(), FaceModel(sessions), views_of(cards))  # type: ignore[arg-type]


def manifest(folder: Path, rows: list[dict[str, object]]):
    """A set of one's own, called ``mine``."""
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return open_set("manifest:mine", folder)
