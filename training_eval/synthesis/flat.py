"""A flat thing before a background: where it lies in the picture, and where the face on it has got to."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training_eval.synthesis.optics import Floats, Pixels, to_bytes, to_unit

Box = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture and the face in it.

    Attributes:
        pixels: BGR uint8 [h, w, 3].
        box: [4] left, top, width, height in pixels.
    """

    pixels: Pixels
    box: Box


@dataclass(frozen=True, slots=True)
class Flat:
    """A sheet or a device, seen straight on.

    Attributes:
        surface: float32 [h, w, 3], 0 to 1.
        opaque: float32 [h, w], 1 where there is something, 0 where the background shows.
        box: Of the face on it, [4] in pixels.
    """

    surface: Floats
    opaque: Floats
    box: Box


def tilted(size: tuple[int, int], random: np.random.Generator, tilt: float) -> NDArray[np.float32]:
    """Corners of a rectangle of ``size`` (width, height) turned and tilted about its centre, [4, 2] in pixels.

    Args:
        size: In pixels.
        random: All chance.
        tilt: 0 is straight on; at 1 a side may shrink by a quarter and the whole turn by 12 degrees.
    """
    width, height = size
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    lean = random.uniform(-0.25, 0.25, 2) * tilt
    depth = 1 + corners @ lean
    angle = np.radians(random.uniform(-12, 12)) * tilt
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray((corners * [width, height] / depth[:, None]) @ turn.T, np.float32)


def placed(flat: Flat, background: Pixels, corners: NDArray[np.float32]) -> Scene:
    """Draw ``flat`` into ``background`` so that its four corners lie at ``corners``.

    Args:
        flat: What is held before the camera.
        background: BGR uint8 [h, w, 3].
        corners: [4, 2] from the upper left one clockwise, in pixels of the background; may lie outside.
    """
    height, width = flat.opaque.shape
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = np.asarray(cv2.getPerspectiveTransform(source, np.asarray(corners, np.float32)), np.float64)
    size = (background.shape[1], background.shape[0])
    drawn = cv2.warpPerspective(
        flat.surface, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    seen = cv2.warpPerspective(flat.opaque, matrix, size, flags=cv2.INTER_LINEAR)[..., None]
    return Scene(to_bytes(drawn * seen + to_unit(background) * (1 - seen)), box_through(flat.box, matrix))


def box_through(box: Box, matrix: NDArray[np.float64]) -> Box:
    """The upright box around what a box becomes, [4]."""
    left, top, width, height = (float(value) for value in box)
    ends = np.array(
        [[[left, top], [left + width, top], [left + width, top + height], [left, top + height]]], np.float64
    )
    moved = cv2.perspectiveTransform(ends, matrix)[0]
    low, high = moved.min(axis=0), moved.max(axis=0)
    return np.array([*low, *(high - low)], np.float32)
