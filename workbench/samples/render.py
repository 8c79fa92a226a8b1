"""Marches rays to a person and lights what they meet (sphere tracing, J. C. Hart, 1996)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.samples import figure, paint
from workbench.samples.person import Hair, Person
from workbench.samples.shapes import Floats, column, dot, length, mix, ramp

CAMERA = 9.0
NEAR, FAR = CAMERA - 1.5, CAMERA + 1.2
STEPS = 48
TOUCH = 0.003

SKIN, HAIR, CLOTH, EYE, FRAME = range(5)
GLOSS = np.array([0.13, 0.22, 0.03, 0.9, 0.7], np.float32)
POWER = np.array([20, 12, 8, 160, 60], np.float32)


def _unit(values: tuple[float, float, float]) -> Floats:
    return column(values) / length(column(values))


KEY, FILL, BACK = _unit((-0.55, 0.65, 0.75)), _unit((0.8, 0.1, 0.6)), _unit((0.5, 0.5, -0.9))


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a head stands: the pixel of the point between its eyes, and pixels for half a head."""

    x: float
    y: float
    scale: float


def colours_at(person: Person, place: Placement, px: Floats, py: Floats) -> Floats:
    """What is seen at pixels.

    Args:
        person: Who.
        place: Where.
        px: float32 [N], pixels from the left.
        py: float32 [N], pixels from the top.

    Returns:
        float32 [4, N]: display colours in [0, 1], and 1 where the person is met.
    """
    view = np.stack([(px - place.x) / place.scale, (place.y - py) / place.scale, np.full_like(px, -CAMERA)])
    view = (view / length(view)).astype(np.float32)
    depth, hit = _march(person, view)
    seen = np.zeros((4, px.size), np.float32)
    if hit.any():
        points = view[:, hit] * depth[hit] + column((0, 0, CAMERA))
        seen[:3, hit] = tone(_lit(person, points, view[:, hit]))
        seen[3, hit] = 1
    return seen


def tone(light: Floats) -> Floats:
    """Linear light as display values (K. Narkowicz's fit of the ACES curve, 2015; gamma 2.2)."""
    x = np.clip(light, 0, None) * np.float32(0.55)
    return np.asarray(
        np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0, 1) ** (1 / 2.2), np.float32
    )


def _parts(person: Person, p: Floats) -> list[Floats]:
    q = figure.head_space(person, p)
    far = np.full(p.shape[1], 9, np.float32)
    return [
        figure.skin(person, p, q),
        far if person.style is Hair.NONE else figure.hair(person, q),
        figure.clothes(p),
        figure.eyeballs(q),
        figure.frames(q) if person.glasses else far,
    ]


def _distance(person: Person, p: Floats) -> Floats:
    return np.asarray(np.minimum.reduce(_parts(person, p)))


def _march(person: Person, view: Floats) -> tuple[Floats, np.ndarray]:
    depth, hit = np.full(view.shape[1], NEAR, np.float32), np.zeros(view.shape[1], bool)
    active = np.arange(view.shape[1])
    for _ in range(STEPS):
        step = _distance(person, view[:, active] * depth[active] + column((0, 0, CAMERA)))
        depth[active] += np.float32(0.95) * step
        hit[active[step < TOUCH]] = True
        active = active[(step >= TOUCH) & (depth[active] < FAR)]
        if not active.size:
            break
    return depth, hit


def _normal(person: Person, p: Floats) -> Floats:
    corners = ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1))
    n = np.sum([column(k) * _distance(person, p + 0.004 * column(k)) for k in corners], axis=0)
    return np.asarray(n / np.maximum(length(n), 1e-6), np.float32)


def _shadow(person: Person, p: Floats, n: Floats) -> Floats:
    """1 where the key light falls, 0 where something is in its way."""
    way, light = np.full(p.shape[1], 0.04, np.float32), np.ones(p.shape[1], np.float32)
    for _ in range(12):
        room = _distance(person, p + 0.01 * n + KEY * way)
        light = np.minimum(light, np.clip(7 * room / way, 0, 1))
        way += np.clip(room, 0.03, 0.25)
    return ramp(0, 1, light)


def _openness(person: Person, p: Floats, n: Floats) -> Floats:
    """Ambient occlusion: how much of the surroundings a point sees."""
    closed = np.zeros(p.shape[1], np.float32)
    for i, height in enumerate((0.03, 0.08, 0.17, 0.3)):
        closed += (height - _distance(person, p + np.float32(height) * n)) * np.float32(0.75**i)
    return np.asarray(np.clip(1 - 1.35 * closed, 0.12, 1))


def _lit(person: Person, p: Floats, view: Floats) -> Floats:
    part = np.argmin(_parts(person, p), axis=0)
    n = _normal(person, p)
    open_, key = _openness(person, p, n), _shadow(person, p, n)
    colour = _painted(person, p, part)
    light = _light(n, open_, key, part == SKIN)
    half = (KEY - view) / length(KEY - view)
    shine = np.clip(dot(n, half), 0, 1) ** POWER[part] * GLOSS[part] * key * 1.3
    edge = np.clip(1 + dot(n, view), 0, 1) ** 3 * np.clip(dot(n, BACK) + 0.6, 0, 1) * open_ * 0.4
    body = colour * light * (0.35 + 0.65 * open_)
    return np.asarray(body + shine * column((1, 0.96, 0.9)) + edge * (0.6 * colour + 0.2))


def _light(n: Floats, open_: Floats, key: Floats, skin: np.ndarray) -> Floats:
    """Key, fill and sky; on skin light creeps around the edge of the shadow, reddened."""
    facing = dot(n, KEY)
    wrap = np.where(skin, 0.28, 0.12)
    direct = np.clip((facing + wrap) / (1 + wrap), 0, 1) * (0.15 + 0.85 * key)
    creep = np.where(skin, 0.26 * np.exp(-(((facing + 0.02) / 0.22) ** 2)) * key, 0)
    up = 0.5 + 0.5 * n[1]
    light = direct * column((2.2, 2.05, 1.86)) + creep * column((0.9, 0.25, 0.12))
    light = light + np.clip(dot(n, FILL), 0, 1) * open_ * column((0.36, 0.43, 0.54))
    return np.asarray(
        light + open_ * mix(column((0.20, 0.16, 0.13)), column((0.38, 0.41, 0.46)), up), np.float32
    )


def _painted(person: Person, p: Floats, part: np.ndarray) -> Floats:
    q = figure.head_space(person, p)
    colour = np.broadcast_to(column((0.02, 0.02, 0.025)), p.shape).copy()
    painters = {
        SKIN: (paint.skin_colour, q),
        HAIR: (paint.hair_colour, q),
        CLOTH: (paint.cloth_colour, p),
        EYE: (paint.eye_colour, q),
    }
    for number, (painter, points) in painters.items():
        chosen = part == number
        if chosen.any():
            colour[:, chosen] = painter(person, points[:, chosen])
    return colour
