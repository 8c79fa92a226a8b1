"""Where a face points, from five points."""

from __future__ import annotations

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
    axes = np.linalg.pinv(MODEL - MODEL.mean(axis=0)) @ (flat - flat.mean(axis=0))
    left, lengths, right = np.linalg.svd(axes.T, full_matrices=False)
    if lengths[1] <= max(_FLAT * lengths[0], np.finfo(np.float32).eps):
        return None
    across, down = left @ right
    away = np.cross(across, down)
    yaw = np.arctan2(-across[2], away[2])
    pitch = np.arcsin(np.clip(down[2], -1.0, 1.0))
    roll = np.arctan2(down[0], down[1])
    return Pose(*(float(np.degrees(angle)) for angle in (yaw, pitch, roll)))
