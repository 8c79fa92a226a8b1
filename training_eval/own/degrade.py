"""What cameras, compression and the world do to crops of faces."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Change = Callable[[Pixels, np.random.Generator], Pixels]

_LUMA = np.array([0.114, 0.587, 0.299], np.float32)
"""Weights of blue, green and red in grey (ITU-R BT.601)."""


def degrade(crop: Pixels, random: np.random.Generator) -> Pixels:
    """The crop after a random choice of changes, in the order in which the world makes them.

    Args:
        crop: BGR uint8 [h, w, 3].
        random: Decides what happens; the same state gives the same crop.
    """
    for chance, change in _CHANGES:
        if random.random() < chance:
            crop = change(crop, random)
    return crop


def covered(crop: Pixels, random: np.random.Generator) -> Pixels:
    """A patch of one colour or of noise over a part: hands, glasses, masks, the picture's edge."""
    height, width = crop.shape[:2]
    patch_h, patch_w = (int(side * random.uniform(0.1, 0.45)) for side in (height, width))
    top, left = int(random.integers(height - patch_h)), int(random.integers(width - patch_w))
    changed = crop.copy()
    colour = random.integers(0, 256, 3)
    spread = random.uniform(0, 40)
    patch = colour + random.normal(0, spread, (patch_h, patch_w, 3))
    changed[top : top + patch_h, left : left + patch_w] = _bytes(patch)
    return changed


def recoloured(crop: Pixels, random: np.random.Generator) -> Pixels:
    """Another exposure, white balance, contrast and saturation."""
    grey = (crop @ _LUMA)[..., None]
    saturated = grey + (crop - grey) * random.uniform(0.4, 1.5)
    gains = random.uniform(0.85, 1.18, 3) * random.uniform(0.7, 1.35)
    shifted = (saturated - 128) * gains + 128 + random.uniform(-35, 35)
    gamma = float(np.exp(random.normal(0, 0.2)))
    return _bytes(255 * np.power(np.clip(shifted, 0, 255) / 255, gamma))


def greyed(crop: Pixels, _: np.random.Generator) -> Pixels:
    """Three equal channels."""
    return _bytes(np.repeat((crop @ _LUMA)[..., None], 3, axis=2))


def lit(crop: Pixels, random: np.random.Generator) -> Pixels:
    """Light from one side: a plane of brightness in a random direction."""
    height, width = crop.shape[:2]
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    angle = random.uniform(0, 2 * np.pi)
    plane = 1 + random.uniform(0.1, 0.5) * (np.cos(angle) * across + np.sin(angle) * down)
    return _bytes(crop * plane[..., None])


def blurred(crop: Pixels, random: np.random.Generator) -> Pixels:
    """Out of focus."""
    return np.asarray(cv2.GaussianBlur(crop, (0, 0), random.uniform(0.5, 2.2)), np.uint8)


def shrunk(crop: Pixels, random: np.random.Generator) -> Pixels:
    """From a small face that was enlarged: 18 to 80 pixels of the crop's side remain."""
    height, width = crop.shape[:2]
    factor = float(np.exp(random.uniform(np.log(18), np.log(80)))) / max(height, width)
    small = cv2.resize(crop, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    way = cv2.INTER_LINEAR if random.random() < 0.7 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(small, (width, height), interpolation=way), np.uint8)


def noisy(crop: Pixels, random: np.random.Generator) -> Pixels:
    """A sensor's noise."""
    return _bytes(crop + random.normal(0, random.uniform(2, 12), crop.shape))


def compressed(crop: Pixels, random: np.random.Generator) -> Pixels:
    """Through JPEG of quality 20 to 90."""
    quality = int(random.integers(20, 91))
    _, data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


_CHANGES: tuple[tuple[float, Change], ...] = (
    (0.12, covered),
    (0.6, recoloured),
    (0.2, greyed),
    (0.2, lit),
    (0.12, blurred),
    (0.25, shrunk),
    (0.15, noisy),
    (0.25, compressed),
)


def _bytes(values: NDArray[np.floating]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
