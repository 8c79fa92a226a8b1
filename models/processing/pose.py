"""Where a face points, from five points."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MODEL = np.array(
    [[-31.5, 0.0, 0.0], [31.5, 0.0, 0.0], [0.0, 36.0, -42.0], [-26.0, 68.0, -9.0], [26.0, 68.0, -9.0]]
)
"""Left and right eye, nose tip, left and right mouth corner (as seen) of a mean adult face.

Millimetres; x to the right of the picture, y down, z away from the viewer. Eyes at the mean
interpupillary distance of 63 mm (N. Dodgson, "Variation and extrema of human interpupillary
distance", SPIE 5291, 2004); width of the mouth and height of the nose as in the 112 x 112 alignment
template of InsightFace (github.com/deepinsight/insightface) at that distance; height of the
mouth and both depths from the mean of the Basel Face Model (P. Paysan et al., AVSS 2009) in the five
points of Y. Deng et al., "Accurate 3D face reconstruction with weakly-supervised learning", CVPRW 2019.
"""

_SOLVE = np.linalg.pinv(MODEL - MODEL.mean(axis=0))
"""[3, 5]: least squares from the five points to the two image axes."""

_FLAT = 1e-3
"""Ratio of the two image axes' lengths below which the points lie on a line."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Direction of a face, in degrees.

    Attributes:
        yaw: Above 0: the nose points to the right of the picture.
        pitch: Above 0: the face looks up.
        roll: Above 0: the head is turned clockwise in the picture.
    """

    yaw: float
    pitch: float
    roll: float


def head_pose(points: NDArray[np.float32]) -> Pose | None:
    """Pose by scaled orthographic projection.

    The two image axes are found by least squares from the model's coordinates (POS: D. DeMenthon,
    L. Davis, "Model-based object pose in 25 lines of code", IJCV 15, 1995), then replaced by the
    nearest orthonormal pair. The rotation is read as roll first, then pitch, then yaw, so that yaw
    and pitch say where the nose points however the head is tilted.

    Args:
        points: [5, 2] (x, y) in pixels: left and right eye, nose, left and right mouth corner as seen.

    Returns:
        The pose; None if the points are not finite, coincide or lie on a line.
    """
    flat = np.asarray(points, np.float64).reshape(5, 2)
    if not np.isfinite(flat).all():
        return None
    axes: list[list[float]] = (_SOLVE @ (flat - flat.mean(axis=0))).T.tolist()
    pair = _orthonormal(axes[0], axes[1])
    if pair is None:
        return None
    across, down = pair
    yaw = math.atan2(-across[2], across[0] * down[1] - across[1] * down[0])
    pitch = math.asin(max(-1.0, min(1.0, down[2])))
    roll = math.atan2(down[0], down[1])
    return Pose(math.degrees(yaw), math.degrees(pitch), math.degrees(roll))


def _orthonormal(first: list[float], second: list[float]) -> tuple[list[float], list[float]] | None:
    """The orthonormal pair nearest to two axes; None where they are nearly parallel or vanish.

    The polar factor (A A^T)^(-1/2) A of the 2 x 3 matrix A, with the square root of a 2 x 2 matrix in closed
    form (N. Higham, "Functions of Matrices", SIAM 2008, section 6): a tenth of the time of an SVD.
    """
    a, b, d = (_dot(x, y) for x, y in ((first, first), (first, second), (second, second)))
    product = math.sqrt(max(0.0, a * d - b * b))
    total = math.sqrt(a + d + 2 * product)
    longer = (total + math.sqrt(max(0.0, a + d - 2 * product))) / 2
    if product <= longer * max(_FLAT * longer, float(np.finfo(np.float32).eps)):
        return None
    scale = 1 / (total * product)
    across = [scale * ((d + product) * x - b * y) for x, y in zip(first, second, strict=True)]
    down = [scale * ((a + product) * y - b * x) for x, y in zip(first, second, strict=True)]
    return across, down


def _dot(first: list[float], second: list[float]) -> float:
    return sum(x * y for x, y in zip(first, second, strict=True))
