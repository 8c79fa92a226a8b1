"""Forged and genuine faces for the forgery network, in pairs that differ in nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from models.errors import LowQuality
from models.processing.align import similarity_transform
from training_eval.calibration.faces import Face
from training_eval.own.shown import Shown
from training_eval.synthesis.compression import h264, jpeg, resized
from training_eval.synthesis.face_swap import face_swapped
from training_eval.synthesis.flat import Box
from training_eval.synthesis.optics import Pixels
from training_eval.synthesis.regions import Points
from training_eval.synthesis.scenes import around, sized
from training_eval.synthesis.self_blended import altered, self_blended

_REACH = 2.0
_SIDES = (60.0, 450.0)
"""Pixels of the face's longer side; smaller pictures of large faces are as good as small faces."""
_GREY_SHARE = 0.35
_SEEN, _COVERED = 0.4, 0.05
"""A forgery must show: so much blended in somewhere, and over this share of the face's box more than half of that."""
_TRIES = 6
Method = Literal["alpha", "poisson"]


@dataclass(frozen=True, slots=True)
class Portrait:
    """A face with some surroundings.

    Attributes:
        pixels: BGR uint8 [h, w, 3].
        box: [4] left, top, width, height in pixels.
        points: [5, 2] landmarks in pixels.
    """

    pixels: Pixels
    box: Box
    points: Points

    @property
    def side(self) -> float:
        """Longer side of the box."""
        return float(max(self.box[2:]))


def portrait(face: Face, side: float | None = None) -> Portrait:
    """A face cut out of its picture, made smaller where it is larger than ``side``."""
    box = np.asarray(face.detection.box, np.float32)
    scene = around(face.pixels, box, _REACH)
    points = np.asarray(face.detection.points, np.float32) - (box[:2] - scene.box[:2])
    if side is None or side >= max(box[2:]):
        return Portrait(scene.pixels, scene.box, points)
    small = sized(scene, side)
    factor = np.array(small.pixels.shape[1::-1], np.float32) / np.array(scene.pixels.shape[1::-1], np.float32)
    return Portrait(small.pixels, small.box, np.asarray(points * factor, np.float32))


def pair(material: Shown, random: np.random.Generator) -> tuple[Portrait, Portrait]:
    """A genuine face and its self-blended forgery, of the same size, colour and compression."""
    grey = bool(material.grey) and random.random() < _GREY_SHARE
    face = material.grey[int(random.integers(len(material.grey)))] if grey else material.face(random)
    made = portrait(face, float(np.exp(random.uniform(*np.log(_SIDES)))))
    if random.random() < 0.3:
        made = replace(made, pixels=altered(made.pixels, random, 1.0))
    forged = blended(made, random)
    store = storing(random)
    tint = random.normal(1, 0.08, 3) if grey else None
    genuine, fake = (store(tinted(pixels, tint)) for pixels in (made.pixels, forged))
    return replace(made, pixels=genuine), replace(made, pixels=fake)


def blended(made: Portrait, random: np.random.Generator) -> Pixels:
    """Self-blend until the forgery shows: a mask may fall beside a face in profile."""
    for _ in range(_TRIES):
        forged = self_blended(made.pixels, made.points, random)
        area = float((forged.mask > _SEEN / 2).sum()) / max(float(np.prod(made.box[2:])), 1.0)
        if forged.mask.max(initial=0) >= _SEEN and area >= _COVERED:
            break
    return forged.pixels


def swapped(target: Portrait, source: Portrait, random: np.random.Generator, method: Method) -> Pixels | None:
    """Another person's face on this one; None where the two do not fit (one in profile, one not).

    Only faces are exchanged whose points then agree within a twelfth of the target's size: others look like nobody.
    """
    try:
        matrix = similarity_transform(source.points, target.points)
        misfit = source.points @ matrix[:, :2].T + matrix[:, 2] - target.points
        if float(np.abs(misfit).max()) > target.side / 12:
            return None
        made = face_swapped(target.pixels, target.points, source.pixels, source.points, random, method)
        return made.pixels
    except LowQuality:
        return None


def storing(random: np.random.Generator) -> Callable[[Pixels], Pixels]:
    """One way of storing for both of a pair: as it is, JPEG, made smaller first, a frame of a video."""
    way, quality, share = random.random(), int(random.integers(40, 96)), random.uniform(0.4, 1.0)
    crf = int(random.integers(18, 35))
    if way < 0.2:
        return lambda pixels: pixels
    if way < 0.6:
        return lambda pixels: jpeg(pixels, quality)
    if way < 0.85:
        return lambda pixels: jpeg(resized(pixels, share), quality)
    return lambda pixels: h264([pixels], crf)[0]


def tinted(pixels: Pixels, gains: np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None) -> Pixels:
    """A grey face in one colour: what was changed in the colours alone must not give a forgery away."""
    if gains is None:
        return pixels
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(np.float32)[..., None]
    return np.clip(np.rint(grey * gains.astype(np.float32)), 0, 255).astype(np.uint8)
