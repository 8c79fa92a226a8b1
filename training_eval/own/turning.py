"""A face seen from the front, as if the head had turned: profiles are rare in photographs of groups."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
_RADIUS, _HEIGHT = 0.72, 1.3


def turn_head(pixels: Pixels, centre: tuple[float, float], side: float, degrees: float) -> Pixels:
    """Show the head as the picture on an upright cylinder that turns before its background.

    A point at the angle a of the cylinder lies at x = r sin(a); after the turn it lies at r sin(a + degrees). What
    the turn brings from behind the head repeats its edge.

    Args:
        pixels: BGR uint8 [H, W, 3].
        centre: Of the face, (x, y) in pixels.
        side: Of the face, in pixels.
        degrees: The turn, in (-90, 90).

    Returns:
        A new picture of the same size.
    """
    height, width = pixels.shape[:2]
    radius = max(1.0, _RADIUS * side)
    across = (np.arange(width, dtype=np.float32) - np.float32(centre[0])) / np.float32(radius)
    on_head = np.abs(across) < 1
    angles = np.arcsin(np.clip(across, -1, 1)) - math.radians(degrees)
    turned = np.sin(np.clip(angles, -math.pi / 2, math.pi / 2))
    columns = np.where(on_head, turned, across) * radius + centre[0]
    down = np.arange(height, dtype=np.float32)
    rows = np.abs(down - centre[1]) < _HEIGHT * side
    straight = np.broadcast_to(np.arange(width, dtype=np.float32), (height, width))
    x = np.where(rows[:, None], columns[None], straight).astype(np.float32)
    y = np.repeat(down[:, None], width, axis=1)
    return np.asarray(cv2.remap(pixels, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)
