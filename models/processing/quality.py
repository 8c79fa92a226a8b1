"""How well a face can be seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.processing.crop import BoxLike, crop_window
from models.processing.pose import Pose, head_pose

_SIDE = 112
"""Pixels: sharpness is measured at this size, so that a larger picture of the same face is no sharper."""

_HALF_SHARP = 100.0
"""Variance of the Laplacian that counts as a sharpness of one half."""

_SHARP_ENOUGH = 0.75
_LARGE_ENOUGH = 112.0
_DARK, _BRIGHT = 0.2, 0.8


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """Measures of one face.

    Attributes:
        score: In [0, 1]: product of four terms in [0, 1], see ``measure``.
        sharpness: In [0, 1).
        brightness: Mean luma in [0, 1].
        size: Shorter side of the box in pixels of the full picture.
        yaw: Degrees; above 0: the nose points to the right of the picture.
        pitch: Degrees; above 0: the face looks up.
        roll: Degrees; above 0: the head is turned clockwise in the picture.
    """

    score: float
    sharpness: float
    brightness: float
    size: float
    yaw: float
    pitch: float
    roll: float


def measure(
    pixels: NDArray[np.uint8], box: BoxLike, points: NDArray[np.float32], scale: float = 1.0
) -> FaceQuality:
    """Measure a face.

    Sharpness is v / (v + 100) with v the variance of the Laplacian (LAPV in S. Pertuz et al.,
    "Analysis of focus measure operators for shape-from-focus", Pattern Recognition 46, 2013) of the
    grey face at 112 x 112 pixels. The score is the product of
    size / 112, sharpness / 0.75 (both at most 1),
    brightness: 1 from 0.2 to 0.8, falling linearly to 0 at black and at white,
    frontality: cos(yaw) * cos(pitch), 0 beyond 90 degrees.
    Roll costs nothing, as alignment undoes it. Points that determine no pose give angles of 0 and a
    score of 0.

    Args:
        pixels: BGR uint8 [h, w, 3], perhaps decoded at a reduced size.
        box: Left, top, width, height in pixels of the full picture.
        points: [5, 2] (x, y) in pixels of the full picture.
        scale: Size of ``pixels`` over the size of the full picture.

    Raises:
        LowQuality: The box has no area or is not finite.
    """
    grey = _face(pixels, np.asarray(box, np.float64) * scale)
    variance = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))[1].item() ** 2
    sharpness = variance / (variance + _HALF_SHARP)
    brightness = cv2.mean(grey)[0] / 255
    size = float(min(box[2], box[3]))
    pose = head_pose(points)
    terms = (
        min(1.0, size / _LARGE_ENOUGH),
        min(1.0, sharpness / _SHARP_ENOUGH),
        min(1.0, brightness / _DARK, (1 - brightness) / (1 - _BRIGHT)),
        _frontality(pose) if pose else 0.0,
    )
    angles = (pose.yaw, pose.pitch, pose.roll) if pose else (0.0, 0.0, 0.0)
    return FaceQuality(math.prod(terms), sharpness, brightness, size, *angles)


def _face(pixels: NDArray[np.uint8], box: NDArray[np.float64]) -> NDArray[np.uint8]:
    left, top, right, bottom = crop_window(box, 1.0, pixels.shape[1], pixels.shape[0], square=True)
    crop = cv2.cvtColor(pixels[top:bottom, left:right], cv2.COLOR_BGR2GRAY)
    while min(crop.shape) >= 4 * _SIDE:  # halving averages as well and is several times faster
        crop = cv2.resize(crop, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    method = cv2.INTER_AREA if max(crop.shape) > _SIDE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop, (_SIDE, _SIDE), interpolation=method), np.uint8)


def _frontality(pose: Pose) -> float:
    return max(0.0, math.cos(math.radians(pose.yaw))) * max(0.0, math.cos(math.radians(pose.pitch)))
