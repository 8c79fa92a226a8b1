"""Seeded irregularity: value noise along a line and in a plane, and the strands of hair."""

from __future__ import annotations

import numpy as np

from workbench.samples.person import Hair
from workbench.samples.shapes import Floats

_TABLE = np.random.default_rng(20).random(4096).astype(np.float32)


def line_noise(x: Floats) -> Floats:
    """Smooth noise in [0, 1] with about one bump for each unit of ``x``."""
    cell = np.floor(x)
    t = (x - cell).astype(np.float32)
    index = cell.astype(np.int64)
    low, high = _TABLE[index % _TABLE.size], _TABLE[(index + 1) % _TABLE.size]
    return low + (high - low) * t * t * (3 - 2 * t)


def plane_noise(x: Floats, y: Floats) -> Floats:
    """Smooth noise in [0, 1] with about one bump for each unit square."""
    row = np.floor(y)
    t = (y - row).astype(np.float32)
    low, high = line_noise(x + row * 37.0), line_noise(x + (row + 1) * 37.0)
    return low + (high - low) * t * t * (3 - 2 * t)


def strands(style: Hair, q: Floats) -> Floats:
    """Noise in [0, 1] that is constant along the way the hair is combed."""
    if style is Hair.LONG:  # down from the crown
        across, along = np.arctan2(q[0], q[2] + 0.35), q[1]
    elif style is Hair.CURLS:
        across, along = q[0] + q[2] + 0.1 * np.sin(9 * q[1]), q[1] * 4 + q[2] * 3
    else:  # back from the forehead
        across, along = np.arctan2(q[0], q[1] + 0.1), q[2]
    across = np.asarray(across + 0.05 * np.sin(3 * along), np.float32) * 3
    return np.asarray(0.6 * line_noise(across * 14 + 300) + 0.4 * line_noise(across * 47 + 900), np.float32)
