"""How often our own detector finds what the published one finds, on photographs that it never saw."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from models.catalogue.card import Figure
from models.runtime.detector import DetectorModel
from models.runtime.session import Session
from training_eval.calibration.faces import Pixels
from training_eval.metrics.intervals import clopper_pearson
from training_eval.own.agreement import Agreement, agreement, detections, total
from training_eval.own.detector_problem import TEACHER
from training_eval.own.material import Material, Picture

SOURCE = "python -m training_eval.own face-detection --measure"
FOUND = "share of the published detector's faces found"
EXTRA = "faces that the published detector has not, by the number of its own"
DISTANCE = "median distance of points from the published detector's, by that between the eyes"
SMALLEST = 40.0
"""Longer side of the faces that count, in pixels of the picture."""
_SCALES = (1.0, 0.5, 0.25)
_FRAME_STEP = 5
_LIMITS = tuple(round(0.3 + 0.01 * index, 2) for index in range(61))


def measured(material: Material, session: Session) -> tuple[Figure, ...]:
    """The figures of a card.

    Args:
        material: The held-back part is measured on; the published detector says where faces are.
        session: Our own detector, as it is shipped.
    """
    student, teacher = DetectorModel(session), DetectorModel(material.session(TEACHER))
    found: list[Figure] = []
    for what, scale, pictures in _sets(material):
        counted = total(_compare(student, teacher, picture.pixels, scale) for picture in pictures)
        found += _figures(counted, what, scale)
    return tuple(found)


def choose_score(material: Material, session: Session) -> float:
    """The score with the fewest faces missed and added, on photographs of the training.

    Each photograph counts the same: a crowd of a hundred small faces would outvote all others.
    """
    student, teacher = DetectorModel(session), DetectorModel(material.session(TEACHER))
    pictures = [p for folder in ("groups", "people") for p in material.photographs(folder, "training")]
    pictures += material.frames("training", 25)
    wrong = np.zeros(len(_LIMITS))
    for picture in pictures:
        for scale in _SCALES[:2]:
            wrong += _wrong(student, teacher, _scaled(picture.pixels, scale))
    best = np.flatnonzero(np.isclose(wrong, wrong.min()))
    return _LIMITS[int(best[len(best) // 2])]


def _wrong(student: DetectorModel, teacher: DetectorModel, pixels: Pixels) -> list[float]:
    """Faces missed and added at each limit, by the number of faces that there are."""
    right = detections(teacher, pixels)
    candidates = detections(student, pixels, min(_LIMITS))
    counts = []
    for limit in _LIMITS:
        seen = agreement([face for face in candidates if face.score >= limit], right, 0.0)
        counts.append((seen.wanted - seen.found + seen.extra) / max(1, seen.wanted))
    return counts


def _sets(material: Material) -> list[tuple[str, float, Sequence[Picture]]]:
    groups = material.photographs("groups", "held back")
    people = material.photographs("people", "held back")
    sets: list[tuple[str, float, Sequence[Picture]]] = [
        ("photographs of groups", scale, groups) for scale in _SCALES[:2]
    ]
    sets += [("photographs of one to three people", scale, people) for scale in _SCALES]
    return [*sets, ("frames of a video", 1.0, material.frames("held back", _FRAME_STEP))]


def _compare(student: DetectorModel, teacher: DetectorModel, pixels: Pixels, scale: float) -> Agreement:
    shown = _scaled(pixels, scale)
    return agreement(detections(student, shown), detections(teacher, shown), SMALLEST * scale)


def _scaled(pixels: Pixels, scale: float) -> Pixels:
    if scale == 1.0:
        return pixels
    return cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _figures(counted: Agreement, what: str, scale: float) -> list[Figure]:
    """Shares of faces found and added, and how far points lie apart; none where there is nothing to count."""
    shrunk = "" if scale == 1.0 else f", shrunk to {scale:g} of their sides"
    faces = f"{counted.wanted} faces of {SMALLEST * scale:g} px or more in held-back {what}{shrunk}"
    every = f"{counted.faces} faces in held-back {what}{shrunk}"
    values = []
    if counted.wanted:
        share = counted.found / counted.wanted
        values.append((FOUND, share, _with_interval(counted.found, counted.wanted, faces)))
    if counted.faces:
        share = counted.extra / counted.faces
        values.append((EXTRA, share, _with_interval(counted.extra, counted.faces, every)))
    if counted.distances:
        spread = f"{faces}; 95 % of those found lie within {np.quantile(counted.distances, 0.95):.3f}"
        values.append((DISTANCE, float(np.median(counted.distances)), spread))
    return [
        Figure(metric=metric, value=round(value, 4), dataset=dataset, source=SOURCE)
        for metric, value, dataset in values
    ]


def _with_interval(hits: int, count: int, what: str) -> str:
    interval = clopper_pearson(min(hits, count), count)
    return f"{what}: {hits} of {count}, 95 % interval {interval.low:.3f} to {interval.high:.3f}"
