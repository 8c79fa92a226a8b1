"""What the embedder and the demographics network are shown: crops cut from faces on canvases that are all aligned.

A canvas holds one face with its surroundings, its five points where every other canvas has them. So faces can be mixed
(``morphs``), and every network's crop can be cut from the result with the errors of position that a detector makes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.catalogue.card import CropRule
from models.catalogue.recognition import MOBILEFACENET
from models.processing.align import align, similarity_transform
from models.processing.crop import box_crop
from training_eval.calibration.faces import Face
from training_eval.errors import DataMissing

Pixels = NDArray[np.uint8]
Points = NDArray[np.float32]

SIDE = 192
"""Pixels of a canvas's sides."""
CROP = 112
"""Pixels of the sides of both networks' inputs."""
_CONTEXT = 28
"""Pixels of the embedder's input that a canvas shows around it."""
_ZOOM = SIDE / (CROP + 2 * _CONTEXT)
TEMPLATE = np.asarray(MOBILEFACENET.crop.template, np.float32)
POINTS: Points = ((TEMPLATE + _CONTEXT) * _ZOOM).astype(np.float32)
"""[5, 2] landmarks on every canvas."""
_POINT_ERROR, _TURN, _SHIFT, _GROWTH = 0.9, 10.0, 0.05, 0.1
"""Deviations: pixels of the crop for a landmark, degrees, shares of the box's side for its centre and its side."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """One face.

    Attributes:
        pixels: BGR uint8 [192, 192, 3].
        box: float32 [4] left, top, width, height in pixels of the canvas, as the detector would give it.
    """

    pixels: Pixels
    box: NDArray[np.float32]


def canvas_of(face: Face) -> Canvas:
    """Turn, scale and shift a face onto a canvas.

    Raises:
        LowQuality: Its points determine no face.
    """
    points, box = face.detection.points, face.detection.box
    matrix = similarity_transform(points, POINTS)
    factor = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    centre = matrix @ np.array([box[0] + box[2] / 2, box[1] + box[3] / 2, 1.0])
    size = factor * box[2:]
    placed = np.concatenate([centre - size / 2, size]).astype(np.float32)
    return Canvas(align(face.pixels, points, POINTS, SIDE), placed)


@dataclass(frozen=True, slots=True)
class Bank:
    """The faces of the training part, by kind of source.

    Attributes:
        kinds: Canvases by kind, none empty.
        shares: How often each kind is drawn.
    """

    kinds: Mapping[str, Sequence[Canvas]]
    shares: Mapping[str, float]

    def __post_init__(self) -> None:
        if not any(self._weights()):
            raise DataMissing("No face for training was found: name the folders of photographs and of faces.")

    def draw(self, random: np.random.Generator) -> Canvas:
        """One face: its kind by the shares, then any of that kind."""
        weights = np.array(self._weights())
        kind = list(self.shares)[int(random.choice(len(weights), p=weights / weights.sum()))]
        canvases = self.kinds[kind]
        return canvases[int(random.integers(len(canvases)))]

    def _weights(self) -> list[float]:
        return [share if self.kinds.get(kind) else 0.0 for kind, share in self.shares.items()]


def cut_aligned(canvas: Canvas, random: np.random.Generator) -> Pixels:
    """The embedder's crop, uint8 [112, 112, 3], aligned by points that are a little wrong, each by itself."""
    error = random.normal(0, _POINT_ERROR * _ZOOM * random.uniform(0, 2), POINTS.shape)
    return align(canvas.pixels, (POINTS + error).astype(np.float32), TEMPLATE, CROP)


def cut_square(canvas: Canvas, rule: CropRule, random: np.random.Generator) -> Pixels:
    """A crop by the card's rule, uint8 [112, 112, 3]: the head a little turned, the box a little wrong."""
    turned = _turned(canvas.pixels, random.normal(0, _TURN))
    left, top, width, height = (float(value) for value in canvas.box)
    side = max(width, height)
    across, down = random.normal(0, _SHIFT * side, 2)
    wrong = side * float(np.exp(random.normal(0, _GROWTH)))
    middle = (left + width / 2 + across - wrong / 2, top + height / 2 + down - wrong / 2)
    return box_crop(turned, (*middle, wrong, wrong), rule.scale, (CROP, CROP), square=True)


def _turned(pixels: Pixels, degrees: float) -> Pixels:
    matrix = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), degrees, 1.0)
    turned = cv2.warpAffine(pixels, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)
