"""The shape of a person. Lengths are in half heads: eyes near y = 0, chin near -0.95, crown near 1.05."""

from __future__ import annotations

import numpy as np

from workbench.samples.noise import strands
from workbench.samples.person import Hair, Person
from workbench.samples.shapes import (
    Floats,
    capsule,
    carve,
    column,
    ellipsoid,
    join,
    mirrored,
    ring,
    rotation,
    sphere,
)

EYE = (0.275, 0.03, 0.50)
EYE_RADIUS = 0.155
NECK_JOINT = (0.0, -0.75, -0.15)


def head_space(person: Person, p: Floats) -> Floats:
    """Points of the scene as points of the upright, frontal head."""
    turn = rotation(person.yaw, person.pitch, person.roll)
    return (turn.T @ (p - column(NECK_JOINT)) + column(NECK_JOINT)) / column((person.width, 1, 1))


def skin(person: Person, p: Floats, q: Floats) -> Floats:
    """Head and neck; ``q`` is ``p`` in the head's space."""
    m = mirrored(q)
    d = join(_skull(person, q, m), _nose(person, q, m), 0.09)
    d = join(d, _lips(person, q), 0.05)
    d = join(d, _eyelids(m), 0.03)
    d = join(d, _ears(m), 0.06)
    return join(d, _neck(p), 0.16)


def eyeballs(q: Floats) -> Floats:
    """Two balls behind the lids."""
    return sphere(mirrored(q), EYE, EYE_RADIUS)


def clothes(p: Floats) -> Floats:
    """A pullover with a round neck."""
    m = mirrored(p)
    d = capsule(m, (0.30, -1.58, -0.28), (0.98, -1.84, -0.34), 0.36, 0.40)
    deep = p * column((1, 1, 1.5)) - column((0, 0, -0.18))
    d = join(d, capsule(deep, (0, -2.45, 0), (0, -9, 0), 0.98), 0.3)
    d = join(d, capsule(m, (1.02, -1.95, -0.34), (1.24, -9, -0.1), 0.36, 0.36), 0.12)
    return carve(d, capsule(p, (0, -0.6, -0.16), (0, -1.18, -0.13), 0.43), 0.03)


def frames(q: Floats) -> Floats:
    """Glasses."""
    m = mirrored(q)
    d = ring(m, (0.285, 0.01, 0.74), 0.215, 0.020, 0.84)
    d = np.minimum(d, capsule(m, (0.0, 0.06, 0.80), (0.08, 0.05, 0.765), 0.02))
    return np.minimum(d, capsule(m, (0.50, 0.05, 0.72), (0.71, 0.03, -0.02), 0.018))


def hair(person: Person, q: Floats) -> Floats:
    """The hair's volume; the face stays free."""
    m = mirrored(q)
    d = _HAIR[person.style](q, m)
    free = ellipsoid(q, (0.0, -0.10, 0.62), (0.60, 0.78, 0.62))
    if person.style is not Hair.LONG:
        free = np.minimum(free, ellipsoid(m, (0.82, -0.22, 0.06), (0.26, 0.42, 0.30)))
        d = np.maximum(d, -0.30 - q[1] - 0.35 * q[2])
    return carve(d - np.float32(0.028) * (strands(person.style, q) - 0.5), free, 0.06)


def mouth_height(person: Person, x: Floats) -> Floats:
    """Where closed lips meet."""
    return np.asarray(-0.575 + person.smile * 1.2 * x * x, np.float32)


def lid_edges(m: Floats) -> tuple[Floats, Floats]:
    """How far a point lies beyond the upper and beyond the lower lid's edge."""
    x, y = m[0] - np.float32(EYE[0]), m[1] - np.float32(EYE[1])
    return y - (0.066 - 2.6 * x * x + 0.10 * x), -y - (0.050 - 1.9 * x * x - 0.10 * x)


def _skull(person: Person, q: Floats, m: Floats) -> Floats:
    jaw = person.jaw
    d = ellipsoid(q, (0, 0.30, -0.14), (0.73, 0.74, 0.84))
    d = join(d, ellipsoid(q, (0, -0.14, 0.06), (0.62, 0.78, 0.64)), 0.18)
    d = join(d, ellipsoid(q, (0, -0.74, 0.34), (0.25 * jaw, 0.19, 0.24)), 0.28)
    d = join(d, capsule(m, (0.47 * jaw, -0.36, -0.05), (0.16, -0.76, 0.32), 0.13, 0.12), 0.26)
    d = join(d, sphere(m, (0.36, -0.25, 0.44), 0.17), 0.22)
    d = join(d, capsule(m, (0.10, 0.22, 0.61), (0.42, 0.20, 0.46), 0.07), 0.13)
    return carve(d, ellipsoid(m, (0.275, 0.03, 0.76), (0.17, 0.11, 0.15)), 0.14)


def _nose(person: Person, q: Floats, m: Floats) -> Floats:
    size = person.nose
    d = capsule(q, (0, 0.10, 0.60), (0, -0.26, 0.80), 0.055, 0.085 * size)
    d = join(d, sphere(q, (0, -0.28, 0.82), 0.095 * size), 0.05)
    d = join(d, ellipsoid(m, (0.105 * size, -0.30, 0.73), (0.07, 0.06, 0.08)), 0.06)
    return carve(d, ellipsoid(m, (0.055 * size, -0.355, 0.80), (0.035, 0.03, 0.04)), 0.03)


def _lips(person: Person, q: Floats) -> Floats:
    bent = np.stack([q[0], q[1] - mouth_height(person, q[0]), q[2] + 0.9 * q[0] ** 2])
    upper = ellipsoid(mirrored(bent), (0.06, 0.035, 0.645), (0.17, 0.035 * person.lips + 0.01, 0.07))
    lower = ellipsoid(bent, (0, -0.045, 0.645), (0.17, 0.042 * person.lips + 0.01, 0.075))
    return join(upper, lower, 0.015)


def _eyelids(m: Floats) -> Floats:
    opening = np.maximum(*lid_edges(m))
    return np.maximum(sphere(m, EYE, EYE_RADIUS + 0.022), -opening * np.float32(0.8))


def _ears(m: Floats) -> Floats:
    d = ellipsoid(m, (0.73, -0.06, -0.06), (0.085, 0.20, 0.13))
    return carve(d, ellipsoid(m, (0.81, -0.03, 0.02), (0.05, 0.11, 0.08)), 0.05)


def _neck(p: Floats) -> Floats:
    d = capsule(p, (0, -0.6, -0.18), (0, -1.4, -0.30), 0.37, 0.41)
    return join(d, capsule(mirrored(p), (0.1, -1.48, -0.3), (0.8, -1.78, -0.35), 0.26, 0.26), 0.3)


def _cap(q: Floats, m: Floats) -> Floats:
    return ellipsoid(q, (0, 0.36, -0.20), (0.79, 0.75, 0.88))


def _long(q: Floats, m: Floats) -> Floats:
    sides = capsule(m, (0.66, 0.30, -0.15), (0.70, -1.45, -0.35), 0.22, 0.20)
    d = join(_cap(q, m), sides, 0.28)
    return join(d, ellipsoid(q, (0, -0.35, -0.52), (0.78, 1.05, 0.46)), 0.2)


def _bun(q: Floats, m: Floats) -> Floats:
    return join(_cap(q, m), sphere(q, (0, 1.14, -0.45), 0.34), 0.05)


def _curls(q: Floats, m: Floats) -> Floats:
    d = ellipsoid(q, (0, 0.46, -0.20), (0.97, 0.88, 0.96))
    waves = np.sin(13 * q[0] + 2 * np.sin(5 * q[1])) * np.sin(12 * q[1] + 1) * np.sin(13 * q[2] + 2)
    return np.asarray(d - 0.05 * waves, np.float32)


def _none(q: Floats, m: Floats) -> Floats:
    return np.full(q.shape[1], 9, np.float32)


_HAIR = {Hair.SHORT: _cap, Hair.LONG: _long, Hair.BUN: _bun, Hair.CURLS: _curls, Hair.NONE: _none}
