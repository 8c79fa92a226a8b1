"""What light, lenses and files do to a picture before a detector sees it."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
_PATCHES = 0.12


def disturb(random: np.random.Generator, pixels: Pixels) -> Pixels:
    """Change colours, sharpness, noise and compression at random.

    Args:
        random: Decides.
        pixels: BGR uint8 [H, W, 3].

    Returns:
        A new picture of the same size.
    """
    if random.random() < 0.8:
        pixels = _coloured(random, pixels)
    if random.random() < _PATCHES:
        pixels = _covered(random, pixels)
    if random.random() < 0.3:
        pixels = _blurred(random, pixels)
    if random.random() < 0.15:
        noise = random.normal(0, random.uniform(1, 14), pixels.shape).astype(np.float32)
        pixels = _bytes(pixels + noise)
    if random.random() < 0.4:
        pixels = compressed(pixels, int(random.integers(25, 96)))
    return pixels


def compressed(pixels: Pixels, quality: int) -> Pixels:
    """Through a JPEG file of a quality in 1 to 100."""
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _coloured(random: np.random.Generator, pixels: Pixels) -> Pixels:
    """A curve for each channel: exposure, contrast, gamma, tint; then less or more saturation."""
    levels = np.arange(256, dtype=np.float32) / 255
    gamma, contrast = math.exp(random.normal(0, 0.25)), math.exp(random.normal(0, 0.2))
    gains = math.exp(random.normal(0, 0.2)) * np.exp(random.normal(0, 0.06, 3))
    curve = (levels**gamma - 0.5) * contrast + 0.5
    table = _bytes(255 * curve[:, None] * gains[None] + random.normal(0, 8))
    changed = cv2.LUT(pixels, table.reshape(1, 256, 3))
    if random.random() < 0.1:
        changed = changed[..., random.permutation(3)]
    if random.random() < 0.5:
        grey = cv2.cvtColor(cv2.cvtColor(changed, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        share = float(random.choice([0.0, random.uniform(0, 1.6)], p=[0.3, 0.7]))
        changed = cv2.addWeighted(changed, share, grey, 1 - share, 0)
    return np.asarray(changed, np.uint8)


def _covered(random: np.random.Generator, pixels: Pixels) -> Pixels:
    """A few plain or noisy rectangles: faces are partly hidden in life."""
    pixels = pixels.copy()
    side = min(pixels.shape[:2])
    for _ in range(int(random.integers(1, 6))):
        width, height = (int(value) for value in random.integers(2, side // 4, 2))
        left, top = int(random.integers(0, side)), int(random.integers(0, side))
        pixels[top : top + height, left : left + width] = random.integers(0, 256, 3)
    return pixels


def _blurred(random: np.random.Generator, pixels: Pixels) -> Pixels:
    """Out of focus, moved, or enlarged from fewer pixels."""
    kind = random.random()
    if kind < 0.5:
        return np.asarray(cv2.GaussianBlur(pixels, (0, 0), random.uniform(0.3, 2.2)), np.uint8)
    if kind < 0.75:
        length = int(random.integers(3, 8))
        kernel = np.zeros((length, length), np.float32)
        kernel[length // 2] = 1 / length
        return np.asarray(cv2.filter2D(pixels, -1, kernel if random.random() < 0.7 else kernel.T), np.uint8)
    height, width = pixels.shape[:2]
    share = random.uniform(0.4, 0.9)
    small = cv2.resize(pixels, (int(width * share), int(height * share)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _bytes(values: NDArray[np.floating]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
