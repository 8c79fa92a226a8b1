"""Which face of one answer is which of another about the same picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bentos.contracts import Face
from models.processing.assignment import assign
from models.processing.nms import overlaps

SAME = 0.5
"""Boxes whose intersection over union is at least this show the same face (PASCAL VOC, IJCV 88, 2010)."""

F = TypeVar("F", bound=Face)


def pairs(first: Sequence[F], second: Sequence[F]) -> list[tuple[F, F]]:
    """Faces that both answers have, in the order of the shorter one; each face is in one pair at most."""
    if not first or not second:
        return []
    swapped = len(first) > len(second)
    rows, columns = (second, first) if swapped else (first, second)
    corners = _corners(columns)
    shared = np.stack([overlaps(box, corners) for box in _corners(rows)])
    chosen = assign(1.0 - shared)
    found = [(rows[row], columns[column]) for row, column in enumerate(chosen) if shared[row, column] >= SAME]
    return [(b, a) for a, b in found] if swapped else found


def _corners(faces: Sequence[Face]) -> NDArray[np.float64]:
    boxes = [face.box for face in faces]
    return np.array([(b.x, b.y, b.x + b.width, b.y + b.height) for b in boxes], np.float64)
