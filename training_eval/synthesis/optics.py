"""What a camera does to whatever stands before it: light, focus, sensor, file."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training_eval.synthesis.compression import jpeg

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


def to_unit(pixels: Pixels) -> Floats:
    """Values from 0 to 1."""
    return np.asarray(pixels, np.float32) / np.float32(255)


def to_bytes(values: Floats) -> Pixels:
    """Values from 0 to 1, limited and rounded."""
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def blurred(values: Floats, sigma: float) -> Floats:
    """Defocus as a Gaussian; nothing below a tenth of a pixel."""
    if sigma < 0.1:
        return values
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)


def motion_blurred(values: Floats, length: float, angle: float) -> Floats:
    """The picture moved by ``length`` pixels in the direction ``angle`` (radians) while it was exposed."""
    size = int(length) | 1
    if size < 3:
        return values
    kernel = np.zeros((size, size), np.float32)
    reach = np.array([np.cos(angle), np.sin(angle)]) * (size // 2)
    centre = np.full(2, size // 2)
    start, end = np.rint(centre - reach).astype(int), np.rint(centre + reach).astype(int)
    cv2.line(kernel, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), 1.0)
    return np.asarray(
        cv2.filter2D(values, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE), np.float32
    )


def noisy(values: Floats, random: np.random.Generator, sigma: float) -> Floats:
    """Shot noise: its deviation grows with the root of the light, ``sigma`` at white."""
    grain = random.standard_normal(values.shape, dtype=np.float32)
    grain *= np.sqrt(np.clip(values, 0.05, 1))
    return values + np.float32(sigma) * grain


def balanced(values: Floats, gains: Floats, gamma: float) -> Floats:
    """White balance by a gain for each channel, then ``values ** gamma``."""
    return np.power(np.clip(values * gains, 0, 1), np.float32(gamma))


def _processed(values: Floats, random: np.random.Generator, strength: float) -> Floats:
    """What cameras do by themselves: haze of the lens, saturation, noise smoothed away, edges sharpened."""
    haze = random.uniform(0, 0.15) * strength if random.random() < 0.3 else 0.0
    grey = values.mean(axis=2, keepdims=True)
    values = haze + (1 - haze) * (
        grey + (values - grey) * np.float32(1 + random.uniform(-0.5, 0.3) * strength)
    )
    if random.random() < 0.25:
        values = np.asarray(cv2.medianBlur(np.clip(values, 0, 1), 3), np.float32)
    if random.random() < 0.4:
        softer = blurred(values, random.uniform(0.8, 2.0))
        values = values + np.float32(random.uniform(0, 1.5) * strength) * (values - softer)
    return np.asarray(values, np.float32)


def shot(pixels: Pixels, random: np.random.Generator, strength: float = 1.0) -> Pixels:
    """The picture as an ordinary camera takes it: exposure, white balance, blur, noise, JPEG.

    Live faces and attacks go through it alike, so that nothing it does tells them apart.

    Args:
        pixels: BGR uint8 [h, w, 3].
        random: All chance.
        strength: 0 leaves the picture as it is, 1 is a poor telephone.
    """
    if strength <= 0:
        return pixels.copy()
    values = to_unit(pixels)
    gains = np.exp(random.normal(0, 0.1 * strength, 3)).astype(np.float32)
    exposure = np.float32(np.exp(random.normal(0, 0.15 * strength)))
    values = balanced(values, gains * exposure, float(np.exp(random.normal(0, 0.15 * strength))))
    values = _processed(values, random, strength)
    if random.random() < 0.5:
        values = blurred(values, random.uniform(0, 1.2 * strength))
    elif random.random() < 0.3:
        values = motion_blurred(values, random.uniform(0, 6 * strength), random.uniform(0, np.pi))
    values = noisy(values, random, random.uniform(0, 0.03 * strength))
    return jpeg(to_bytes(values), int(random.integers(95 - round(50 * min(strength, 1.0)), 96)))
