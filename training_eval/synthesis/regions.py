"""The part of a face that is exchanged, from its box and five points.

Published methods take the convex hull of 68 or 81 landmarks. There are five here: brows, cheeks and chin are set out
from them by the proportions of a face, so the hull follows the face's turn and scale, not its true outline.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import LowQuality
from training_eval.synthesis.optics import Floats

Points = NDArray[np.float32]

_WHOLE = (
    (-1.05, -0.15),
    (-0.7, -0.75),
    (0.0, -0.95),
    (0.7, -0.75),
    (1.05, -0.15),
    (0.95, 0.75),
    (0.55, 1.55),
    (0.0, 1.85),
    (-0.55, 1.55),
    (-0.95, 0.75),
)
_WITHOUT_BROWS = (
    (-1.0, -0.3),
    (-0.5, -0.45),
    (0.0, -0.3),
    (0.5, -0.45),
    (1.0, -0.3),
    (0.95, 0.75),
    (0.55, 1.55),
    (0.0, 1.85),
    (-0.55, 1.55),
    (-0.95, 0.75),
)
_INNER = (
    (-0.8, -0.35),
    (0.0, -0.55),
    (0.8, -0.35),
    (0.75, 0.7),
    (0.4, 1.35),
    (0.0, 1.45),
    (-0.4, 1.35),
    (-0.75, 0.7),
)
_LOWER = (
    (-0.85, 0.35),
    (0.0, 0.15),
    (0.85, 0.35),
    (0.75, 1.0),
    (0.45, 1.55),
    (0.0, 1.75),
    (-0.45, 1.55),
    (-0.75, 1.0),
)
OUTLINES = (_WHOLE, _WITHOUT_BROWS, _INNER, _LOWER)
"""Outlines in the face's own measure: origin between the eyes, x by the distance of the eyes, y by that from eyes to
the mouth, whose corners lie at 1."""


def outline(points: Points, kind: int = 0) -> NDArray[np.float32]:
    """Corners of a region, [N, 2] in pixels.

    Args:
        points: [5, 2] right eye, left eye, nose, right and left corner of the mouth, as they appear from left to right.
        kind: Index into ``OUTLINES``.

    Raises:
        LowQuality: A point is not finite.
    """
    if not np.isfinite(points).all():
        raise LowQuality(
            "A landmark of the face is no number; detect the face again.", {"reasons": ["landmarks"]}
        )
    eyes, mouth = points[:2].mean(axis=0), points[3:5].mean(axis=0)
    across, down = points[1] - points[0], mouth - eyes
    shape = np.asarray(OUTLINES[kind], np.float32)
    return np.asarray(eyes + shape[:, :1] * across + shape[:, 1:] * down, np.float32)


def region(size: tuple[int, int], corners: NDArray[np.float32]) -> Floats:
    """1 inside the convex hull of ``corners``, 0 outside.

    Args:
        size: Height and width in pixels.
        corners: [N, 2]; may lie outside the picture.
    """
    mask = np.zeros(size, np.float32)
    finite = np.clip(np.nan_to_num(corners), -16_000, 16_000)
    hull = cv2.convexHull(np.rint(finite).astype(np.int32))
    cv2.fillConvexPoly(mask, hull, 1.0)
    return mask


def softened(mask: Floats, sigma: float) -> Floats:
    """Blur the edge inwards alone: what was outside stays exactly 0.

    The mask is eroded by what the blur then gives back, as in the published code of self-blended images.

    Args:
        mask: float32 [h, w], 0 to 1.
        sigma: In pixels.
    """
    if sigma < 0.3:
        return mask
    reach = max(1, round(2 * sigma))
    core = cv2.erode(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
    soft = cv2.GaussianBlur(core, (0, 0), sigma)
    return np.asarray(np.where(mask > 0, np.minimum(soft, mask), 0), np.float32)


def elastic(mask: Floats, random: np.random.Generator, reach: float, smooth: float) -> Floats:
    """Deform a mask by a smooth random field.

    Source: P. Simard, D. Steinkraus, J. Platt, "Best practices for convolutional neural networks", ICDAR 2003.

    Args:
        mask: float32 [h, w].
        random: All chance.
        reach: Deviation of the shift, in pixels.
        smooth: Width of the field's bumps, in pixels.
    """
    height, width = mask.shape
    grid = (max(2, round(height / max(smooth, 1))), max(2, round(width / max(smooth, 1))))
    shifts = [
        cv2.resize(
            random.standard_normal(grid, dtype=np.float32), (width, height), interpolation=cv2.INTER_CUBIC
        )
        for _ in range(2)
    ]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.asarray(
        cv2.remap(
            mask, x + np.float32(reach) * shifts[0], y + np.float32(reach) * shifts[1], cv2.INTER_LINEAR
        ),
        np.float32,
    )
