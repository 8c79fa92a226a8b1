"""Where two detectors agree: faces found by one that the other finds too, faces of its own, distance of points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.processing.assignment import assign
from models.processing.nms import corners, overlaps
from models.runtime.detector import Detection, DetectorModel, canvas_of, detections_of
from training_eval.calibration.faces import Pixels

SAME, NONE = 0.5, 0.4
"""Overlap from which two boxes are one face, and below which a box is a face of its own."""
_NO_PAIR = 2.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """Counts over pictures; agreements of two sets of pictures add up.

    Attributes:
        wanted: Faces of the teacher that are large enough.
        found: Of these, by the student, one to one.
        faces: All faces of the teacher.
        extra: Faces of the student alone.
        distances: Of the points of pairs, each the mean of its five, in distances between the eyes.
    """

    wanted: int = 0
    found: int = 0
    faces: int = 0
    extra: int = 0
    distances: tuple[float, ...] = field(default=())

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(
            self.wanted + other.wanted,
            self.found + other.found,
            self.faces + other.faces,
            self.extra + other.extra,
            self.distances + other.distances,
        )


def agreement(student: Sequence[Detection], teacher: Sequence[Detection], smallest: float) -> Agreement:
    """Compare what two detectors found in one picture.

    Args:
        student: Its faces.
        teacher: Its faces.
        smallest: Faces of the teacher whose longer side is shorter, in pixels, need not be found.
    """
    shared = _overlaps(teacher, student)
    pairs = _pairs(shared)
    large = {row for row, face in enumerate(teacher) if max(face.box[2:]) >= smallest}
    together = [(row, column) for row, column in pairs if row in large]
    best = shared.max(axis=0, initial=0.0)
    return Agreement(
        wanted=len(large),
        found=len(together),
        faces=len(teacher),
        extra=int((best < NONE).sum()),
        distances=tuple(_distance(student[column], teacher[row]) for row, column in together),
    )


def total(agreements: Iterable[Agreement]) -> Agreement:
    """Of many pictures."""
    return sum(agreements, Agreement())


def detections(model: DetectorModel, pixels: Pixels, min_score: float | None = None) -> list[Detection]:
    """The faces of a picture as a service finds them; ``min_score`` is the card's unless given."""
    card = model.cards[0]
    canvas = canvas_of(card, pixels)
    least = card.thresholds["min_score"] if min_score is None else min_score
    return detections_of(model.predict([canvas.canvas])[0], canvas, least)


def _overlaps(rows: Sequence[Detection], columns: Sequence[Detection]) -> NDArray[np.float64]:
    """Intersection over union [rows, columns]."""
    first, second = (
        corners(np.array([face.box for face in faces], np.float32).reshape(-1, 4), "xywh")
        for faces in (rows, columns)
    )
    return np.array([overlaps(box, second) for box in first]).reshape(len(rows), len(columns))


def _pairs(shared: NDArray[np.float64]) -> list[tuple[int, int]]:
    """As many pairs of rows and columns as overlap enough, one to one; among these the best."""
    rows, columns = shared.shape
    costs = np.full((rows, columns + rows), _NO_PAIR)
    costs[:, :columns] = np.where(shared >= SAME, 1 - shared, _NO_PAIR)
    return [(row, int(column)) for row, column in enumerate(assign(costs)) if costs[row, column] < _NO_PAIR]


def _distance(face: Detection, other: Detection) -> float:
    apart = np.linalg.norm(face.points - other.points, axis=1).mean()
    return float(apart / max(1.0, float(np.linalg.norm(other.points[0] - other.points[1]))))
