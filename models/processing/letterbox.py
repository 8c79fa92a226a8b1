"""Bring a picture to the size that a network of any input size takes, and boxes and points back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Letterboxed:
    """A resized picture on a black canvas, at the top left.

    Attributes:
        canvas: uint8 [H, W, 3]; H and W are multiples of the stride.
        scale: Canvas pixels a picture pixel, along the longest side.
        scale_x: The same along x; differs from ``scale`` by the rounding to whole pixels.
        scale_y: The same along y.
    """

    canvas: NDArray[np.uint8]
    scale: float
    scale_x: float
    scale_y: float

    def points(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Points [..., 2] (x, y) on the canvas as points of the picture, in pixels."""
        return np.asarray(points / np.array([self.scale_x, self.scale_y]), np.float32)

    def boxes(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes [..., 4] on the canvas (corners, or corner and size) as boxes of the picture, in pixels."""
        pair = (self.scale_x, self.scale_y)
        return np.asarray(boxes / np.array(pair + pair), np.float32)


def fit(pixels: NDArray[np.uint8], long_side: int, stride: int, enlarge: bool = False) -> Letterboxed:
    """Resize to a longest side and pad with zeros at the bottom and right.

    Shrinking averages over the area of a target pixel, so that fine texture does not alias.

    Args:
        pixels: BGR uint8 [h, w, 3].
        long_side: Longest side of the resized picture, in pixels.
        stride: Both sides of the canvas become multiples of it.
        enlarge: Whether a picture with a shorter longest side is enlarged; otherwise it keeps its size.

    Returns:
        The canvas and the way back.
    """
    height, width = pixels.shape[:2]
    scale = long_side / max(height, width)
    scale = scale if enlarge else min(scale, 1.0)
    inner_w, inner_h = (max(1, round(side * scale)) for side in (width, height))
    canvas = np.empty((_padded(inner_h, stride), _padded(inner_w, stride), 3), np.uint8)
    canvas[inner_h:] = canvas[:inner_h, inner_w:] = 0
    _resize_into(canvas[:inner_h, :inner_w], pixels)
    return Letterboxed(canvas, scale, inner_w / width, inner_h / height)


def _padded(side: int, stride: int) -> int:
    return -(-side // stride) * stride


def _resize_into(target: NDArray[np.uint8], pixels: NDArray[np.uint8]) -> None:
    height, width = target.shape[:2]
    if pixels.shape == target.shape:
        target[:] = pixels
        return
    method = cv2.INTER_AREA if height < pixels.shape[0] or width < pixels.shape[1] else cv2.INTER_LINEAR
    cv2.resize(pixels, (width, height), dst=target, interpolation=method)
