"""Cut a face out of a picture by its box."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import LowQuality

BoxLike = Sequence[float] | NDArray[np.float32] | NDArray[np.float64]
"""Left, top, width, height in pixels."""


def crop_window(
    box: BoxLike, scale: float, width: int, height: int, square: bool = False
) -> tuple[int, int, int, int]:
    """Where a crop lies: the box scaled about its centre, limited and shifted into the picture.

    The rule of the MiniFASNet authors (github.com/minivision-ai/Silent-Face-Anti-Spoofing,
    ``generate_patches``): the scale shrinks until the crop fits, then the crop is moved inside;
    nothing is padded, and the proportions of the box stay.

    Args:
        box: Left, top, width, height in pixels.
        scale: Factor on both sides.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        square: Take the longer side of the box for both.

    Returns:
        Left, top, right, bottom as whole pixels, right and bottom exclusive; at least one pixel.

    Raises:
        LowQuality: The box has no area or is not finite.
    """
    x, y, w, h = (float(value) for value in box)
    if not all(map(math.isfinite, (x, y, w, h))) or w <= 0 or h <= 0:
        raise LowQuality(
            "The box of the face is empty; send a picture that shows the face larger.",
            {"reasons": ["box"]},
        )
    side_w, side_h = (max(w, h), max(w, h)) if square else (w, h)
    factor = min(scale, (width - 1) / side_w, (height - 1) / side_h)
    left, right = _span(x + w / 2, side_w * factor, width)
    top, bottom = _span(y + h / 2, side_h * factor, height)
    return left, top, right, bottom


def box_crop(
    pixels: NDArray[np.uint8],
    box: BoxLike,
    scale: float,
    size: tuple[int, int],
    square: bool = False,
) -> NDArray[np.uint8]:
    """Crop by ``crop_window`` and resize bilinearly, as the networks that use such crops were trained.

    Args:
        pixels: BGR uint8 [h, w, 3].
        box: Left, top, width, height in pixels.
        scale: Factor on both sides of the box.
        size: Width and height of the result in pixels.
        square: Take the longer side of the box for both.

    Returns:
        uint8 [size[1], size[0], 3].

    Raises:
        LowQuality: The box has no area or is not finite.
    """
    height, width = pixels.shape[:2]
    left, top, right, bottom = crop_window(box, scale, width, height, square)
    crop = pixels[top:bottom, left:right]
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _span(centre: float, length: float, limit: int) -> tuple[int, int]:
    start = min(max(centre - length / 2, 0.0), limit - 1 - length)
    start = max(start, 0.0)
    return int(start), int(min(start + length, limit - 1)) + 1
