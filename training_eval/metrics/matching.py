"""Which detection finds which face, by the rules of WIDER FACE (see ``detection``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.processing.nms import corners, overlaps
from training_eval.metrics.arrays import Flags, Indices, Values, boxes, flags, numbers

OVERLAP = 0.5
_LAST_PIXEL = np.array([0.0, 0.0, 1.0, 1.0])
"""Overlaps count the last pixel of a box as part of it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What was found in one picture and what there is. Boxes are left, top, width, height in pixels.

    Attributes:
        found: [M, 4].
        scores: [M], higher is surer.
        faces: [N, 4].
        ignored: [N] faces that are neither a hit nor a miss, and what finds them no false alarm.
        subsets: [N] by name: the faces that a subset asks for; all others are ignored in it.
    """

    found: NDArray[np.float32]
    scores: NDArray[np.float32]
    faces: NDArray[np.float32]
    ignored: Flags
    subsets: Mapping[str, Flags] = field(default_factory=dict)

    def wanted(self, subset: str | None) -> Flags:
        """Which faces count: [N].

        Raises:
            ValueError: Shapes that do not agree, or no such subset.
        """
        count = len(boxes(self.faces, "faces"))
        if subset is None:
            return ~flags(self.ignored, "ignored faces", count)
        if subset not in self.subsets:
            raise ValueError(f"a picture lacks the subset {subset}")
        return flags(self.subsets[subset], f"the subset {subset}", count)


@dataclass(frozen=True, slots=True)
class Matched:
    """What one picture's detections came to, from the surest on.

    Attributes:
        scores: [M].
        hit: [M] it is the first to find a face that counts.
        counts: [M] it is a hit or a false alarm; what overlaps an ignored face is neither.
        heights: [F] of the faces that count, in pixels.
        found_at: [F] the score of what found them; minus infinity where nothing did.
    """

    scores: Values
    hit: Flags
    counts: Flags
    heights: Values
    found_at: Values


def match(picture: Picture, subset: str | None) -> Matched:
    """Give every detection the face that it overlaps most; the surest that overlaps by half finds it.

    Raises:
        ValueError: Shapes that do not agree, numbers that are not finite, or no such subset.
    """
    wanted, faces = picture.wanted(subset), boxes(picture.faces, "faces")
    scores = numbers(picture.scores, "scores", len(boxes(picture.found, "found boxes")))
    order = np.argsort(-scores, kind="stable")
    nearest, overlap = _nearest(corners(picture.found, "xywh")[order], corners(picture.faces, "xywh"))
    touches = overlap >= OVERLAP
    counts = ~touches
    counts[touches] = wanted[nearest[touches]]
    finders = np.flatnonzero(touches & counts)
    found, first = np.unique(nearest[finders], return_index=True)
    hit = np.zeros(len(scores), bool)
    hit[finders[first]] = True
    found_at = np.full(len(faces), -np.inf)
    found_at[found] = scores[order][finders[first]]
    return Matched(scores[order], hit, counts, faces[wanted, 3], found_at[wanted])


def _nearest(found: Values, faces: Values) -> tuple[Indices, Values]:
    """For each detection the face that it overlaps most, and by how much."""
    if not len(faces) or not len(found):
        return np.zeros(len(found), np.intp), np.zeros(len(found))
    table = np.stack([overlaps(face + _LAST_PIXEL, found + _LAST_PIXEL) for face in faces])
    nearest = table.argmax(axis=0)
    return nearest, table[nearest, np.arange(len(found))]
