"""Crops of photographs as a face detector meets them: any place, any scale, faces pasted, no face at all."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from training_eval.own.placement import Floats, Pixels, Placement, Source
from training_eval.own.turning import turn_head

_FACE_FROM, _FACE_TO = 9.0, 0.8
"""Sides of faces: pixels, and share of the crop's side."""
_ENLARGED_MOST = 2.5
_COVERED_LEAST = 0.8
"""Of the crop's side, by the picture's longer side: more black teaches nothing."""
_ON_A_FACE = 0.85
_BORDERS = (cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT_101)
_HEAD_TURNED, _DEGREES = 0.4, (15.0, 75.0)
_MOSAIC, _PASTED, _DRAWN = 0.15, 0.12, 0.05


class Scenes:
    """Draws crops.

    Args:
        sources: Photographs; at least one has a face.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = list(sources)
        weights = np.array([source.weight for source in sources])
        self._chances = weights / weights.sum()

    def draw(self, random: np.random.Generator, side: int) -> Pixels:
        """One crop uint8 [side, side, 3]; ``side`` is a multiple of 64."""
        kind = random.random()
        if kind < _MOSAIC:
            return self._mosaic(random, side)
        if kind < _MOSAIC + _PASTED:
            return self._pasted(random, side)
        if kind < _MOSAIC + _PASTED + _DRAWN:
            return drawn(random, side)
        return self._view(random, side)

    def _source(self, random: np.random.Generator) -> Source:
        return self._sources[int(random.choice(len(self._sources), p=self._chances))]

    def _view(self, random: np.random.Generator, side: int) -> Pixels:
        source = self._source(random)
        if len(source.boxes) and random.random() < _ON_A_FACE:
            placement, size = _of_face(random, source, side)
            shown = placement.show(source, side, int(random.choice(_BORDERS)))
            return _head_turned(random, shown, placement, size) if random.random() < _HEAD_TURNED else shown
        return _anywhere(random, source, side).show(source, side, int(random.choice(_BORDERS)))

    def _mosaic(self, random: np.random.Generator, side: int) -> Pixels:
        """Four views of different pictures side by side."""
        cut = int(random.integers(side // 4, 3 * side // 4))
        canvas = self._view(random, side)
        for rows in (slice(0, cut), slice(cut, side)):
            for columns in (slice(0, cut), slice(cut, side)):
                canvas[rows, columns] = self._view(random, side)[rows, columns]
        return canvas

    def _pasted(self, random: np.random.Generator, side: int) -> Pixels:
        """Faces with soft edges before another background."""
        canvas = (self._view(random, side) if random.random() < 0.7 else drawn(random, side)).astype(
            np.float32
        )
        for _ in range(int(random.integers(1, 4))):
            source = self._source(random)
            if len(source.boxes):
                placement, size = _of_face(random, source, side)
                mask = _ellipse(placement, size * random.uniform(0.55, 1.1), side)
                shown = placement.show(source, side, cv2.BORDER_REPLICATE)
                if random.random() < _HEAD_TURNED:
                    shown = _head_turned(random, shown, placement, size)
                canvas += mask * (shown - canvas)
        return canvas.round().astype(np.uint8)


def drawn(random: np.random.Generator, side: int) -> Pixels:
    """Gradients, noise of all grain sizes and plain shapes: what a detector must not take for faces."""
    canvas = np.full((side, side, 3), random.uniform(0, 255, 3), np.float32)
    for grain in random.choice([1, 2, 4, 8, 16, 32, 64], size=3, replace=False):
        small = random.normal(0, random.uniform(2, 40), (side // int(grain) + 1,) * 2 + (3,)).astype(
            np.float32
        )
        small = small.mean(2, keepdims=True).repeat(3, 2) if random.random() < 0.5 else small
        canvas += cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)
    for _ in range(int(random.integers(0, 8))):
        centre = tuple(int(value) for value in random.integers(0, side, 2))
        axes = tuple(int(value) for value in random.integers(2, side // 3, 2))
        colour = tuple(float(value) for value in random.uniform(0, 255, 3))
        thick = int(random.choice([-1, 2, 5]))
        if random.random() < 0.5:
            cv2.ellipse(canvas, centre, axes, float(random.uniform(0, 180)), 0, 360, colour, thick)
        else:
            cv2.rectangle(canvas, centre, (centre[0] + axes[0], centre[1] + axes[1]), colour, thick)
    return canvas.clip(0, 255).astype(np.uint8)


def _of_face(random: np.random.Generator, source: Source, side: int) -> tuple[Placement, float]:
    """A face at a size and place of the crop, and its size there in pixels."""
    left, top, width, height = (float(v) for v in source.boxes[random.integers(len(source.boxes))])
    wanted = math.exp(random.uniform(math.log(_FACE_FROM), math.log(_FACE_TO * side)))
    least = _COVERED_LEAST * side / max(source.levels[0].shape[:2])
    scale = min(max(wanted / max(width, height), least), _ENLARGED_MOST)
    x, y = random.uniform(0.1, 0.9, 2) * side
    centre = (left + width / 2, top + height / 2)
    return _turned(random, centre, (float(x), float(y)), scale), scale * max(width, height)


def _anywhere(random: np.random.Generator, source: Source, side: int) -> Placement:
    height, width = source.levels[0].shape[:2]
    low, high = math.log(0.7 * side / max(height, width)), math.log(_ENLARGED_MOST)
    scale = math.exp(random.uniform(min(low, high), high))
    point = (float(random.uniform(0, width)), float(random.uniform(0, height)))
    return _turned(random, point, (side / 2, side / 2), scale)


def _turned(
    random: np.random.Generator, point: tuple[float, float], target: tuple[float, float], scale: float
) -> Placement:
    angle = random.uniform(-40, 40) if random.random() < 0.15 else random.normal(0, 7)
    stretch = math.exp(random.normal(0, 0.2 if random.random() < 0.2 else 0.06))
    return Placement(point, target, scale, float(angle), bool(random.random() < 0.5), stretch)


def _head_turned(random: np.random.Generator, shown: Pixels, placement: Placement, size: float) -> Pixels:
    degrees = random.uniform(*_DEGREES) * random.choice([-1.0, 1.0])
    return turn_head(shown, placement.target, size, float(degrees))


def _ellipse(placement: Placement, size: float, side: int) -> Floats:
    """1 within an upright ellipse about the target, 0 outside, soft between: float32 [side, side, 1]."""
    mask = np.zeros((side, side), np.float32)
    centre = (round(placement.target[0]), round(placement.target[1]))
    cv2.ellipse(mask, centre, (max(2, round(0.8 * size)), max(2, round(size))), 0, 0, 360, 1.0, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(0.6, size / 20))[..., None], np.float32)
