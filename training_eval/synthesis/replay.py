"""A face on a screen: its grid of pixels meeting the camera's, its light, and the device held before a camera.

What a replay is known by: moire where the two grids meet, colours and gamma of a display, reflections, bands of the
refresh, the frame of the device (K. Patel, H. Han, A. K. Jain, A. Ross, "Live face video vs. spoof face video: Use of
moire patterns to detect replay video attacks", ICB 2015; I. Amidror, "The Theory of the Moire Phenomenon", 2009, for
sampling a grating by a grid).
"""

from __future__ import annotations

import cv2
import numpy as np

from training_eval.synthesis.flat import Box, Flat
from training_eval.synthesis.optics import Floats, Pixels, balanced, blurred, to_bytes, to_unit


def displayed(pixels: Pixels, random: np.random.Generator, strength: float = 1.0) -> Pixels:
    """The picture as a camera sees it on a display.

    Args:
        pixels: BGR uint8 [h, w, 3].
        random: All chance.
        strength: 0 gives the picture unchanged, 1 an ordinary monitor, tablet or telephone.
    """
    if strength <= 0:
        return pixels.copy()
    values = _as_light(to_unit(pixels), random, strength)
    values = moire(values, random, random.choice([0.03, 0.1, 0.25]) * random.uniform(0.5, 1.0) * strength)
    values = _banded(values, random, strength)
    values = blurred(values, random.uniform(0, 0.9) * strength)
    return to_bytes(_reflecting(values, random, strength))


def moire(values: Floats, random: np.random.Generator, depth: float) -> Floats:
    """Multiply by stripes of red, green and blue and by rows, sampled once a pixel, so that they alias.

    A display's pixel is between half and three of the camera's; near one the stripes fold down to slow, coloured waves.

    Args:
        values: float32 [h, w, 3], BGR, 0 to 1.
        random: All chance.
        depth: How much darker a stripe's gap is than its middle, 0 to 1.
    """
    height, width = values.shape[:2]
    y, x = np.ogrid[:height, :width]
    y, x = y.astype(np.float32), x.astype(np.float32)
    angle, wave = np.radians(random.uniform(-8, 8)), 2 * np.pi / _pitch(random)
    # A lens and a tilted screen bend the grid, and the waves with it.
    bend_x, bend_y = (float(bend) for bend in random.normal(0, 0.03, 2))
    x_bent = x + bend_x * (y - height / 2) ** 2 / height
    y_bent = y + bend_y * (x - width / 2) ** 2 / width
    across, down = float(wave * np.cos(angle)), float(wave * np.sin(angle))
    u, v = x_bent * across + y_bent * down, y_bent * across - x_bent * down
    rows = 0.5 + 0.5 * np.cos(v)
    grid = np.empty_like(values)
    for channel in range(3):
        stripe = 0.5 + 0.5 * np.cos(u + 2 * np.pi * channel / 3)
        grid[..., channel] = 0.6 * stripe + 0.4 * rows
    return np.asarray(values * (1 + depth * (2 * grid - 1)), np.float32)


def screen(pixels: Pixels, box: Box, random: np.random.Generator, strength: float = 1.0) -> Flat:
    """The displayed picture in its device: a dark frame, thin for a telephone, wider for a monitor.

    Args:
        pixels: BGR uint8 [h, w, 3], with the face.
        box: Of the face, [4] in pixels.
        random: All chance.
        strength: Of what the display does.
    """
    shown = to_unit(displayed(pixels, random, strength))
    height, width = shown.shape[:2]
    sides = (random.uniform(0.01, 0.09, 4) * min(height, width)).astype(int)
    top, bottom, left, right = (int(side) for side in sides)
    shade = float(random.choice([0.03, 0.08, 0.75], p=[0.5, 0.35, 0.15]))
    framed = cv2.copyMakeBorder(shown, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(shade,) * 3)
    moved = np.asarray(box, np.float32) + np.array([left, top, 0, 0], np.float32)
    opaque = _rounded(framed.shape[0], framed.shape[1], random.uniform(0, 0.08))
    return Flat(np.asarray(framed, np.float32), opaque, moved)


def _pitch(random: np.random.Generator) -> float:
    """Camera pixels for one of the display: often near 1 or 2, where the waves are slow."""
    near = float(random.choice([0.5, 1.0, 2.0])) * (1 + random.normal(0, 0.04))
    return near if random.random() < 0.6 else float(random.uniform(0.6, 4.0))


def _as_light(values: Floats, random: np.random.Generator, strength: float) -> Floats:
    """A display's blue white, its gamma against the camera's, black that glows, light that falls off aside."""
    height, width = values.shape[:2]
    warmth = random.normal(0.05, 0.07) * strength
    gains = np.array([1 + warmth, 1.0, 1 - warmth], np.float32)
    values = balanced(values, gains, float(np.exp(random.normal(0, 0.2 * strength))))
    black = random.uniform(0, 0.1) * strength
    lean = random.normal(0, 0.12, 2) * strength
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    falloff = (1 + lean[0] * x + lean[1] * y)[..., None]
    return np.asarray((black + (1 - black) * values) * falloff, np.float32)


def _banded(values: Floats, random: np.random.Generator, strength: float) -> Floats:
    """Bands across, where the display's refresh meets the camera's rolling shutter."""
    if random.random() < 0.5:
        return values
    height = values.shape[0]
    bands, depth = random.uniform(1.5, 30), random.uniform(0.01, 0.1) * strength
    wave = np.cos(np.linspace(0, 2 * np.pi * bands, height) + random.uniform(0, 2 * np.pi))
    return np.asarray(values * (1 + depth * wave)[:, None, None], np.float32)


def _reflecting(values: Floats, random: np.random.Generator, strength: float) -> Floats:
    """Light added by the glass: a lamp or a window, soft at its edges, and a haze over all."""
    height, width = values.shape[:2]
    lit = np.zeros((height, width), np.float32)
    for _ in range(int(random.integers(0, 3))):
        centre = random.uniform(0, 1, 2) * [width, height]
        size = random.uniform(0.03, 0.35, 2) * [width, height]
        shape = (
            (float(centre[0]), float(centre[1])),
            (float(size[0]) + 1, float(size[1]) + 1),
            float(random.uniform(0, 180)),
        )
        if random.random() < 0.5:
            cv2.ellipse(lit, shape, float(random.uniform(0.1, 0.6)), -1)
        else:
            cv2.fillConvexPoly(
                lit, np.rint(cv2.boxPoints(shape)).astype(np.int32), float(random.uniform(0.05, 0.35))
            )
    soft = blurred(lit, random.uniform(0.01, 0.06) * max(height, width)) + random.uniform(0, 0.08)
    return np.asarray(values + strength * soft[..., None] * (1 - 0.5 * values), np.float32)


def _rounded(height: int, width: int, share: float) -> Floats:
    """1 inside a rectangle with round corners of radius ``share`` of its shorter side, [height, width]."""
    radius = int(share * min(height, width))
    opaque = np.zeros((height, width), np.float32)
    cv2.rectangle(opaque, (radius, 0), (width - 1 - radius, height - 1), 1.0, -1)
    cv2.rectangle(opaque, (0, radius), (width - 1, height - 1 - radius), 1.0, -1)
    for x in (radius, width - 1 - radius):
        for y in (radius, height - 1 - radius):
            cv2.circle(opaque, (x, y), radius, 1.0, -1)
    return opaque
