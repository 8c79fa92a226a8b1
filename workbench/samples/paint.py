"""Colours of a person's surfaces. Points are in the head's space, colours linear [3, N]."""

from __future__ import annotations

import numpy as np

from workbench.samples.figure import EYE, lid_edges, mouth_height
from workbench.samples.noise import line_noise, plane_noise, strands
from workbench.samples.person import Colour, Person
from workbench.samples.shapes import Floats, bell, column, dot, length, mirrored, mix, ramp, rotation


def skin_colour(person: Person, q: Floats) -> Floats:
    """Skin with lips, brows, lashes, blush, beard and lines."""
    m = mirrored(q)
    front = ramp(0.15, 0.35, q[2])
    colour = _blushed(person, q, m)
    for tint, share in (
        _beard(person, q, m),
        _lines(person, m),
        *_lids(person, m),
        *_lips(person, q),
        _brow(person, m),
    ):
        colour = mix(colour, column(tint), np.clip(share, 0, 1) * front)
    return colour


def eye_colour(person: Person, q: Floats) -> Floats:
    """White, iris and pupil, looking at the viewer; darker under the upper lid."""
    m = mirrored(q) - column(EYE)
    off = _angle_from_gaze(person, q, m / length(m))
    spokes = 0.75 + 0.5 * line_noise(np.arctan2(m[1], m[0]) * 9 + 50)
    colour = np.broadcast_to(column((0.76, 0.72, 0.68)), q.shape)
    colour = mix(colour, column(person.iris) * (spokes + off), ramp(0.49, 0.44, off))
    colour = mix(colour, column((0.012, 0.010, 0.010)), 0.8 * bell(off - 0.47, 0.045))
    colour = mix(colour, column((0.006, 0.006, 0.006)), ramp(0.23, 0.19, off))
    return colour * (1 - 0.65 * ramp(0.0, 0.075, m[1]))


def hair_colour(person: Person, q: Floats) -> Floats:
    return column(person.hair) * (0.55 + 0.9 * strands(person.style, q))


def cloth_colour(person: Person, p: Floats) -> Floats:
    """Knitwear; takes points of the scene."""
    knit = np.sin(75 * p[0] + 1.5 * np.sin(38 * p[1])) * np.sin(80 * p[1])
    return np.asarray(column(person.cloth) * (0.94 + 0.06 * knit))


def _darker(colour: Colour, factors: Colour) -> Colour:
    return (colour[0] * factors[0], colour[1] * factors[1], colour[2] * factors[2])


def _blushed(person: Person, q: Floats, m: Floats) -> Floats:
    cheeks = 0.5 * np.exp(-((m[0] - 0.38) ** 2) / 0.035 - (m[1] + 0.27) ** 2 / 0.03)
    tip = 0.45 * np.exp(-(m[0] ** 2) / 0.012 - (m[1] + 0.3) ** 2 / 0.012)
    base, red = column(person.skin), column(_darker(person.skin, (1.06, 0.72, 0.66)))
    mottled = (
        0.95 + 0.07 * plane_noise(q[0] * 9 + 70, q[1] * 9) + 0.03 * plane_noise(q[0] * 31 + 9, q[1] * 31)
    )
    return mix(base, red, np.clip(cheeks + tip, 0, 1) * ramp(0.2, 0.4, q[2])) * mottled


def _lids(person: Person, m: Floats) -> list[tuple[Colour, Floats]]:
    x, y = m[0] - np.float32(EYE[0]), m[1] - np.float32(EYE[1])
    above, below = lid_edges(m)
    shadow = 0.5 * np.exp(-(x**2) / 0.02 - y**2 / 0.008)
    crease = 0.45 * bell(above - 0.052, 0.013) * (np.abs(x) < 0.15)
    lower = 0.5 * bell(below, 0.010) * (np.abs(x) < 0.15) * (y < 0)
    upper = 0.9 * bell(np.maximum(above, -0.02), 0.016) * (np.abs(x) < 0.165) * (y > -0.02)
    skin = person.skin
    return [
        (_darker(skin, (0.72, 0.58, 0.55)), shadow),
        (_darker(skin, (0.50, 0.40, 0.36)), crease),
        (_darker(skin, (0.35, 0.33, 0.32)), lower),
        ((0.020, 0.015, 0.012), upper),
    ]


def _lips(person: Person, q: Floats) -> list[tuple[Colour, Floats]]:
    x, y = np.abs(q[0]), q[1] - mouth_height(person, q[0])
    wide = np.clip(1 - (x / 0.225) ** 2, 0, 1)
    top = (0.055 * person.lips + 0.012) * wide**0.6 * (1 - 0.25 * bell(x, 0.035))
    bottom = -(0.075 * person.lips + 0.012) * wide**0.7
    inside = ramp(0, 0.014, np.minimum(top - y, y - bottom)) * (x < 0.225)
    tint = person.lip_tint
    r, g, b = _darker(person.skin, (0.92, 0.50, 0.48))
    colour = (r * (1 - tint) + 0.36 * tint, g * (1 - tint) + 0.055 * tint, b * (1 - tint) + 0.065 * tint)
    parting = 0.9 * bell(y, 0.011) * ramp(0.235, 0.205, x)
    return [(colour, 0.85 * inside), (_darker(colour, (0.18, 0.18, 0.18)), parting)]


def _brow(person: Person, m: Floats) -> tuple[Colour, Floats]:
    x, y = m[0], m[1]
    middle = 0.225 + 0.17 * (x - 0.08) - 0.84 * (x - 0.25) ** 2
    half = 0.040 * person.brows * np.clip(1.15 - (x - 0.10) / 0.42, 0.25, 1)
    area = np.exp(-(((y - middle) / half) ** 4)) * ramp(0.06, 0.12, x) * ramp(0.48, 0.40, x)
    hairs = 0.70 + 0.30 * plane_noise(x * 55 - y * 40, y * 12 + 5)
    return _darker(person.hair, (0.6, 0.6, 0.6)), 0.92 * area * hairs


def _beard(person: Person, q: Floats, m: Floats) -> tuple[Colour, Floats]:
    x, y = m[0], m[1]
    jaw = ramp(-0.40, -0.58, y - 0.9 * np.clip(x - 0.2, 0, 1))
    moustache = bell(y + 0.455 - 0.3 * x * x, 0.05) * ramp(0.30, 0.20, x)
    grain = 0.70 + 0.30 * plane_noise(q[0] * 60 + 40, q[1] * 45)
    under = ramp(-1.06, -0.98, y)
    return _darker(person.hair, (0.7, 0.7, 0.7)), person.beard * np.maximum(jaw, moustache) * grain * under


def _lines(person: Person, m: Floats) -> tuple[Colour, Floats]:
    x, y = m[0], m[1]
    share = (0.2 + 0.5 * person.age) * bell(x - (0.16 - 0.55 * (y + 0.33)), 0.022)
    share = share * ramp(-0.30, -0.36, y) * ramp(-0.62, -0.50, y)
    for height in (0.47, 0.56, 0.65):
        wave = y - height - 0.03 * np.cos(5 * x)
        share = share + 0.5 * person.age * bell(wave, 0.012) * ramp(0.42, 0.25, x)
    return _darker(person.skin, (0.62, 0.56, 0.54)), share


def _angle_from_gaze(person: Person, q: Floats, n: Floats) -> Floats:
    towards = rotation(person.yaw, person.pitch, person.roll).T @ column((0, 0, 1))
    side = np.where(q[0] < 0, -1, 1).astype(np.float32)
    gaze = np.stack([0.7 * towards[0] * side, np.full_like(side, 0.7 * towards[1, 0]), np.ones_like(side)])
    return np.asarray(np.arccos(np.clip(dot(n, gaze / length(gaze)), -1, 1)))
