"""New faces from those that are there: a few dozen people are too few to learn an embedding from.

A teacher labels whatever it is shown, so a mixture of two people is as good an example as a person. All functions take
and return canvases (``crops``), whose landmarks lie in the same places.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training_eval.own.crops import POINTS, SIDE, Bank, Canvas, Pixels

Mask = NDArray[np.float32]
_PLAIN, _AGAIN, _TINTED = 0.15, 0.3, 0.35
"""Shares of the faces that are nobody's mixture, and of the mixtures that are mixed once more and that are tinted."""
_GRID, _BEND = 5, 3.2
"""Points of the grid a side, and pixels of the canvas by which each is moved (deviation)."""
_SOFT, _SMEAR = 7.0, 3.0
"""Pixels: width of a seam, and by how much colours are blurred."""


def new_face(bank: Bank, random: np.random.Generator) -> Canvas:
    """A face of the bank, or one made of two or three of them; mostly of a changed shape."""
    face = bank.draw(random)
    if random.random() < _PLAIN:
        return face
    pixels = _mixed(face.pixels, bank.draw(random).pixels, random)
    if random.random() < _AGAIN:
        pixels = _mixed(pixels, bank.draw(random).pixels, random)
    if random.random() < _TINTED:
        pixels = tinted(pixels, bank.draw(random).pixels)
    return Canvas(bent(pixels, random), face.box)


def blended(first: Pixels, second: Pixels, share: float) -> Pixels:
    """``share`` of the first and the rest of the second."""
    return np.asarray(cv2.addWeighted(first, share, second, 1 - share, 0), np.uint8)


def banded(coarse: Pixels, fine: Pixels, sigma: float) -> Pixels:
    """Coarse structure of one face, details of another; ``sigma`` in pixels divides the two.

    It gives the many small, blurred faces of a crowd the sharpness of a portrait.
    """
    low = cv2.GaussianBlur(coarse, (0, 0), sigma).astype(np.float32)
    details = fine.astype(np.float32) - cv2.GaussianBlur(fine, (0, 0), sigma).astype(np.float32)
    return _bytes(low + details)


def exchanged(first: Pixels, second: Pixels, mask: Mask) -> Pixels:
    """The second face, in the colours of the first, where ``mask`` [192, 192] in [0, 1] is 1."""
    weight = mask[..., None]
    return _bytes((1 - weight) * first + weight * recoloured(second, first))


def tinted(pixels: Pixels, like: Pixels) -> Pixels:
    """The lightness of one face and the colours of another: grey pictures become coloured ones, in CIELAB."""
    lightness = cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB)[..., :1]
    colours = cv2.GaussianBlur(cv2.cvtColor(like, cv2.COLOR_BGR2LAB), (0, 0), _SMEAR)[..., 1:]
    return np.asarray(cv2.cvtColor(np.concatenate([lightness, colours], axis=2), cv2.COLOR_LAB2BGR), np.uint8)


def mirrored(pixels: Pixels, left: bool) -> Pixels:
    """A face made of one half and its mirror image."""
    weight = _half_mask()[..., None]
    weight = weight if left else 1 - weight
    return _bytes(weight * pixels + (1 - weight) * pixels[:, ::-1])


def recoloured(pixels: Pixels, like: Pixels) -> NDArray[np.float32]:
    """``pixels`` with mean and deviation of each channel of ``like``, not limited to 0-255.

    Source: E. Reinhard et al., "Color Transfer between Images", IEEE CG&A 21(5), 2001, in BGR.
    """
    mean, deviation = cv2.meanStdDev(pixels)
    wanted, spread = cv2.meanStdDev(like)
    gain = (spread / np.maximum(deviation, 1.0)).ravel()
    return np.asarray((pixels - mean.ravel()) * gain + wanted.ravel(), np.float32)


def bent(pixels: Pixels, random: np.random.Generator) -> Pixels:
    """The face with its parts moved: a smooth field of random shifts, so that proportions are another person's."""
    shifts = random.normal(0, _BEND * random.uniform(0.3, 1.2), (2, _GRID, _GRID)).astype(np.float32)
    wide = [cv2.resize(shift, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for shift in shifts]
    down, across = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    return np.asarray(
        cv2.remap(
            pixels, across + wide[0], down + wide[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ),
        np.uint8,
    )


def part_mask(random: np.random.Generator) -> Mask:
    """A soft mask over one part of the face: eyes, nose, mouth and chin, one side, or the face without hair."""
    eyes, nose, mouth = POINTS[:2].mean(axis=0), POINTS[2], POINTS[3:].mean(axis=0)
    apart = float(POINTS[1, 0] - POINTS[0, 0])
    ellipses = (
        (eyes, (1.1 * apart, 0.45 * apart)),
        (nose, (0.45 * apart, 0.55 * apart)),
        (mouth + np.array([0, 0.2 * apart], np.float32), (0.9 * apart, 0.6 * apart)),
        (POINTS[int(random.integers(2))], (0.55 * apart, 0.5 * apart)),
        (nose, (1.05 * apart, 1.45 * apart)),
    )
    choice = int(random.integers(len(ellipses) + 1))
    if choice == len(ellipses):
        half = _half_mask()
        return half if random.random() < 0.5 else np.float32(1) - half
    (x, y), axes = ellipses[choice]
    mask = np.zeros((SIDE, SIDE), np.float32)
    cv2.ellipse(
        mask, (round(float(x)), round(float(y))), (round(axes[0]), round(axes[1])), 0, 0, 360, 1.0, -1
    )
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), _SOFT), np.float32)


def _mixed(first: Pixels, second: Pixels, random: np.random.Generator) -> Pixels:
    way = random.random()
    if way < 0.3:
        return blended(first, second, random.uniform(0.3, 0.7))
    if way < 0.5:
        return banded(first, second, random.uniform(2.0, 7.0))
    if way < 0.9:
        return exchanged(first, second, part_mask(random))
    return mirrored(first, left=bool(random.random() < 0.5))


def _half_mask() -> Mask:
    """1 on the left, 0 on the right, soft about the middle of the face."""
    middle = float(POINTS[:, 0].mean())
    ramp = 1 / (1 + np.exp((np.arange(SIDE) - middle) / (_SOFT / 2)))
    return np.broadcast_to(ramp.astype(np.float32), (SIDE, SIDE))


def _bytes(values: NDArray[np.floating]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
