"""A drawn portrait: colours of every kind, an ellipse for a face, five points where they belong."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Drawn:
    pixels: NDArray[np.uint8]
    box: NDArray[np.float32]
    points: NDArray[np.float32]


def draw(width: int = 240, height: int = 200, seed: int = 0) -> Drawn:
    random = np.random.default_rng(seed)
    rough = random.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    pixels = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
    pixels = np.clip(pixels + random.normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)
    skin = np.array([110, 145, 200]) + random.integers(-15, 16, 3)
    centre, half = np.array([width * 0.5, height * 0.5]), np.array([width * 0.16, height * 0.27])
    cv2.ellipse(pixels, (centre.tolist(), (2 * half).tolist(), 0.0), skin.tolist(), -1)
    shape = np.array([[-0.4, -0.3], [0.4, -0.3], [0.0, 0.05], [-0.35, 0.4], [0.35, 0.4]])
    points = centre + shape * half
    for x, y in points:
        cv2.circle(pixels, (int(x), int(y)), max(1, width // 60), (40, 30, 60), -1)
    box = np.concatenate([centre - half, 2 * half])
    return Drawn(pixels.astype(np.uint8), box.astype(np.float32), points.astype(np.float32))


def saturation(pixels: NDArray[np.uint8]) -> float:
    """Mean distance of the highest from the lowest channel."""
    values = pixels.astype(float)
    return float((values.max(axis=2) - values.min(axis=2)).mean())


def energy(pixels: NDArray[np.uint8], low: float, high: float) -> float:
    """Power of the green channel between two frequencies, in cycles a pixel, without its mean."""
    values = pixels[..., 1].astype(float)
    window = np.outer(np.hanning(values.shape[0]), np.hanning(values.shape[1]))  # the borders are no detail
    power = np.abs(np.fft.fft2((values - values.mean()) * window)) ** 2
    down, across = np.fft.fftfreq(values.shape[0]), np.fft.fftfreq(values.shape[1])
    radius = np.hypot(down[:, None], across[None, :])
    return float(power[(radius >= low) & (radius < high)].sum() / values.size**2)
