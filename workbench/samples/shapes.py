"""Signed distances of simple bodies and ways to join them.

Source of the formulas: I. Quilez, "Distance functions" and "Smooth minimum", iquilezles.org. Points are float32
[3, N] (x to the right, y up, z towards the viewer), distances float32 [N].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Triple = Sequence[float] | Floats


def column(values: Triple) -> Floats:
    """Three numbers as [3, 1], to be combined with points."""
    return np.asarray(values, np.float32).reshape(3, 1)


def length(v: Floats) -> Floats:
    """Of each vector."""
    return np.asarray(np.sqrt(dot(v, v)))


def dot(a: Floats, b: Floats) -> Floats:
    """Of each pair of vectors."""
    return np.asarray(a[0] * b[0] + a[1] * b[1] + a[2] * b[2], np.float32)


def sphere(p: Floats, centre: Triple, radius: float) -> Floats:
    """A ball."""
    return length(p - column(centre)) - np.float32(radius)


def ellipsoid(p: Floats, centre: Triple, radii: Triple) -> Floats:
    """A ball of three radii; the distance is exact on the surface and close to it elsewhere."""
    q = (p - column(centre)) / column(radii)
    near = length(q)
    return near * (near - 1) / np.maximum(length(q / column(radii)), np.float32(1e-6))


def capsule(p: Floats, start: Triple, end: Triple, radius: float, end_radius: float | None = None) -> Floats:
    """A rod with round ends whose radius goes from ``radius`` to ``end_radius``."""
    q, axis = p - column(start), column(end) - column(start)
    along = np.clip(dot(q, axis) / dot(axis, axis), 0, 1)
    wide = radius if end_radius is None else radius + (end_radius - radius) * along
    return np.asarray(length(q - axis * along) - wide, np.float32)


def ring(p: Floats, centre: Triple, radius: float, thickness: float, squeeze: float = 1.0) -> Floats:
    """A torus in the plane of the picture; ``squeeze`` below 1 makes it lower than wide."""
    x, y, z = (p - column(centre)) / column((1, squeeze, 1))
    return np.asarray(np.hypot(np.hypot(x, y) - np.float32(radius), z) - np.float32(thickness))


def join(a: Floats, b: Floats, softness: float) -> Floats:
    """Both bodies, with a fillet between them."""
    share = np.clip(0.5 + (b - a) * np.float32(0.5 / softness), 0, 1)
    return b + (a - b) * share - np.float32(softness) * share * (1 - share)


def carve(a: Floats, b: Floats, softness: float) -> Floats:
    """The first body without the second."""
    return -join(-a, b, softness)


def mirrored(p: Floats) -> Floats:
    """Points folded onto one half, so that what is modelled once exists twice."""
    return np.stack([np.abs(p[0]), p[1], p[2]])


def bell(x: Floats, width: float) -> Floats:
    """1 at 0, falling off within about ``width``."""
    return np.asarray(np.exp(-((x / np.float32(width)) ** 2)))


def ramp(low: float, high: float, x: Floats) -> Floats:
    """0 at ``low``, 1 at ``high``, smooth between them; ``low`` may be the larger one."""
    t = np.clip((x - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def mix(a: Floats, b: Floats, share: Floats) -> Floats:
    """From ``a`` where the share is 0 to ``b`` where it is 1."""
    return a + (b - a) * share


def rotation(yaw: float, pitch: float, roll: float) -> Floats:
    """Degrees with the signs of the contract: nose to the right, face up, head clockwise in the picture."""
    y, x, z = np.radians([yaw, -pitch, -roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x, np.float32)
