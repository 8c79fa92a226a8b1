"""Photographs in many sizes, and where and how a crop shows them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

_LEVEL = 0.75
_SMALLEST_LEVEL = 48
_LARGEST = 1600


class Source:
    """A photograph in falling sizes, each averaged over the area of its pixels.

    Args:
        pixels: BGR uint8 [H, W, 3].
        boxes: float32 [N, 4], left, top, width, height of its faces, in pixels.
        weight: How often it is drawn, beside the others.
    """

    def __init__(self, pixels: Pixels, boxes: Floats, weight: float) -> None:
        scale = min(1.0, _LARGEST / max(pixels.shape[:2]))
        self.boxes, self.weight = boxes * np.float32(scale), weight
        self.levels = [_shrunk(pixels, scale)]
        while min(self.levels[-1].shape[:2]) * _LEVEL >= _SMALLEST_LEVEL:
            self.levels.append(_shrunk(self.levels[0], _LEVEL ** len(self.levels)))

    def level(self, scale: float) -> tuple[Pixels, float, float]:
        """The smallest copy that is not enlarged to show the picture at ``scale``, and its own scales."""
        index = 0 if scale >= 1 else min(len(self.levels) - 1, int(math.log(scale) / math.log(_LEVEL)))
        level, full = self.levels[index], self.levels[0]
        return level, level.shape[1] / full.shape[1], level.shape[0] / full.shape[0]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a point of a picture comes to lie, and how large and turned the picture is shown.

    Attributes:
        point: In the picture, in pixels.
        target: Where that point lies in the crop, in pixels.
        scale: Crop pixels a picture pixel.
        angle: Turn in degrees.
        flip: Whether left and right are exchanged.
        stretch: Factor on the width, and its inverse on the height.
    """

    point: tuple[float, float]
    target: tuple[float, float]
    scale: float
    angle: float
    flip: bool
    stretch: float

    def show(self, source: Source, side: int, border: int) -> Pixels:
        """The crop uint8 [side, side, 3]."""
        level, level_x, level_y = source.level(self.scale)
        turn = math.radians(self.angle)
        rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        mirrored = -self.stretch if self.flip else self.stretch
        linear = self.scale * rotation @ np.diag([mirrored, 1 / self.stretch])
        shift = np.array(self.target) - linear @ np.array(self.point)
        matrix = np.column_stack([linear @ np.diag([1 / level_x, 1 / level_y]), shift])
        return _pixels(cv2.warpAffine(level, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=border))


def _shrunk(pixels: Pixels, scale: float) -> Pixels:
    if scale >= 1:
        return pixels
    height, width = pixels.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return _pixels(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def _pixels(image: NDArray[np.generic]) -> Pixels:
    return np.asarray(image, np.uint8)
