"""Greedy non-maximum suppression."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Layout = Literal["xyxy", "xywh"]


def corners(boxes: NDArray[np.float32], layout: Layout) -> NDArray[np.float64]:
    """Boxes as left, top, right, bottom.

    Args:
        boxes: [N, 4] in pixels.
        layout: ``xyxy`` for corners, ``xywh`` for left, top, width, height.

    Returns:
        [N, 4] float64: an overlap is then the same however the boxes were ordered.
    """
    wide = np.asarray(boxes, np.float64).reshape(-1, 4)
    if layout == "xyxy":
        return wide
    return np.concatenate([wide[:, :2], wide[:, :2] + wide[:, 2:]], axis=1)


def overlaps(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of one box with many, all as corners.

    Args:
        box: [4].
        others: [N, 4].

    Returns:
        [N] in [0, 1]; a box without area overlaps nothing.
    """
    size = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.maximum(size, 0).prod(axis=1)
    area = np.maximum(box[2:] - box[:2], 0).prod()
    areas = np.maximum(others[:, 2:] - others[:, :2], 0).prod(axis=1)
    union = area + areas - shared
    ratio: NDArray[np.float64] = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return ratio


def nms(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    iou: float,
    layout: Layout = "xyxy",
) -> NDArray[np.intp]:
    """Keep the best box of every heap of boxes that overlap by more than ``iou``.

    A box falls only to a kept box with a higher score, so a score threshold may be put before or
    after with the same result. Among equal scores the earlier box wins.

    Args:
        boxes: [N, 4] in pixels.
        scores: [N]; boxes whose score or corner is not finite are dropped.
        iou: Overlap in [0, 1] above which the weaker box goes.
        layout: What the four numbers of a box are.

    Returns:
        [K] indices into ``boxes``, best score first.
    """
    edges = corners(boxes, layout)
    values = np.asarray(scores, np.float64).reshape(-1)
    sound = np.flatnonzero(np.isfinite(values) & np.isfinite(edges).all(axis=1))
    order = sound[np.argsort(-values[sound], kind="stable")]
    kept: list[int] = []
    while order.size:
        best, rest = int(order[0]), order[1:]
        kept.append(best)
        order = rest[overlaps(edges[best], edges[rest]) <= iou]
    return np.asarray(kept, np.intp)
