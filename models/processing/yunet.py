"""Decoding of YuNet's outputs.

Source: W. Wu, H. Peng, S. Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research, 2023.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BOX = slice(0, 4)
POINTS = slice(4, 14)
SCORE = 14
COLUMNS = 15


def decode_yunet(
    outputs: Mapping[str, Floats], canvas: tuple[int, int], strides: Sequence[int], floor: float
) -> Floats:
    """Candidates of one picture, before suppression.

    Each cell of a stride's grid holds one prior at its corner c = (column, row) * s:
    centre = c + s * bbox[:2], size = s * exp(bbox[2:]), point = c + s * kps, score = cls * obj.

    Args:
        outputs: cls_s [cells, 1], obj_s [cells, 1], bbox_s [cells, 4], kps_s [cells, 10] for each stride s.
        canvas: Height and width of the input, in pixels.
        strides: Strides of the grids, in pixels.
        floor: Candidates with a lower score are left out.

    Returns:
        float32 [K, 15]: left, top, width, height, five points (x, y), score; canvas pixels.
    """
    return np.concatenate([_stride(outputs, canvas[1] // stride, stride, floor) for stride in strides])


def _stride(outputs: Mapping[str, Floats], columns: int, stride: int, floor: float) -> Floats:
    score = outputs[f"cls_{stride}"][:, 0] * outputs[f"obj_{stride}"][:, 0]
    cells = np.flatnonzero(score >= floor)
    corner = np.stack([cells % columns, cells // columns], axis=1).astype(np.float32) * stride
    box = outputs[f"bbox_{stride}"][cells] * stride
    size = np.exp(outputs[f"bbox_{stride}"][cells, 2:]) * stride
    points = outputs[f"kps_{stride}"][cells] * stride + np.tile(corner, 5)
    rows = [box[:, :2] + corner - size / 2, size, points, score[cells, None]]
    return np.concatenate(rows, axis=1, dtype=np.float32)
