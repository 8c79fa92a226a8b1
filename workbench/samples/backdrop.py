"""What stands behind people, and a picture without any."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from workbench.samples.noise import line_noise, plane_noise
from workbench.samples.shapes import Floats, column, mix, ramp

Colour = tuple[float, float, float]


def studio(width: int, height: int, light: Colour, dark: Colour) -> Floats:
    """A wall that is lit in the middle; display colours, float32 [height, width, 3]."""
    y, x = np.indices((height, width)).astype(np.float32)
    off = np.hypot((x / width - 0.42) * 1.1, y / height - 0.40)
    cloud = plane_noise(x / width * 5 + 7, y / height * 5) - 0.5
    shade = ramp(0.05, 0.85, off + 0.10 * cloud)
    return _picture(mix(_flat(light), _flat(dark), shade.ravel()), width, height)


def garden(width: int, height: int, seed: int) -> Floats:
    """Foliage far out of focus."""
    draw = np.random.default_rng(seed)
    base = Image.new("RGB", (width, height), (112, 142, 122))
    pen = ImageDraw.Draw(base)
    pen.rectangle((0, 0, width, height * 0.30), fill=(190, 208, 212))
    for _ in range(260):
        _leaf(pen, draw, width, height)
    image = base.filter(ImageFilter.GaussianBlur(width / 55))
    lights = Image.new("RGB", (width, height))
    pen = ImageDraw.Draw(lights)
    for _ in range(36):
        _spot(pen, draw, width, height)
    glow = np.asarray(lights.filter(ImageFilter.GaussianBlur(width / 400)), np.float32) / 255
    return np.clip(np.asarray(image, np.float32) / 255 * 0.95 + 0.35 * glow, 0, 1)


def landscape(width: int, height: int) -> Floats:
    """Hills behind a lake in the evening."""
    y, x = np.indices((height, width)).astype(np.float32) / np.float32(height)
    shore = np.float32(0.66)
    mirrored = np.where(y > shore, 2 * shore - y, y)
    ripple = np.where(y > shore, 0.012 * (plane_noise(x * 22, y * 260) - 0.5) * (y - shore) * 14, 0)
    scene = _hills(x + ripple, mirrored + 0.6 * ripple)
    water = ramp(0.0, 0.012, y - shore).ravel()
    wet = scene * column((0.66, 0.74, 0.82)) + column((0.02, 0.04, 0.06))
    return _picture(mix(scene, wet, water), width, height)


def _hills(x: Floats, y: Floats) -> Floats:
    x, y = x.ravel(), y.ravel()
    colour = mix(column((0.35, 0.52, 0.72)), column((0.98, 0.82, 0.62)), ramp(0.0, 0.55, y))
    sun = np.hypot(x - 1.02, y - 0.36)
    colour = mix(
        colour, column((1.0, 0.95, 0.80)), np.clip(ramp(0.055, 0.045, sun) + 0.5 * np.exp(-sun * 7), 0, 1)
    )
    for i in range(5):
        colour = mix(colour, _hill_colour(i, x, y), ramp(-0.002, 0.002, y - _ridge(i, x)))
    return np.asarray(colour, np.float32)


def _ridge(i: int, x: Floats) -> Floats:
    rough = sum(line_noise(x * (2.0 + i) * 2**k + 97 * i) / 2**k for k in range(6)) / 2
    return np.asarray(0.34 + 0.068 * i - (0.30 - 0.05 * i) * (rough - 0.35), np.float32)


def _hill_colour(i: int, x: Floats, y: Floats) -> Floats:
    far, near = column((0.70, 0.66, 0.70)), column((0.10, 0.20, 0.16))
    tone = far + (near - far) * np.float32((i / 4) ** 0.8)
    texture = 1 + (0.05 + 0.05 * i) * (plane_noise(x * 70, y * 110 + 13 * x * i) - 0.5)
    mist = ramp(0.10, 0.30, y - _ridge(i, x) + 0.10) * np.float32(0.35 - 0.05 * i)
    return mix(tone * texture, column((0.93, 0.84, 0.74)), mist)


def _leaf(pen: ImageDraw.ImageDraw, draw: np.random.Generator, width: int, height: int) -> None:
    x, y = draw.uniform(0, width), height * draw.uniform(0.12, 1.0)
    radius = draw.uniform(0.02, 0.07) * width
    green = draw.uniform(0.55, 1.2)
    fill = (int(84 * green), int(132 * green), int(84 * green * draw.uniform(0.7, 1.2)))
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


def _spot(pen: ImageDraw.ImageDraw, draw: np.random.Generator, width: int, height: int) -> None:
    x, y = draw.uniform(0, width), height * draw.uniform(0.0, 0.75)
    radius, glow = draw.uniform(0.008, 0.022) * width, draw.uniform(0.3, 0.9)
    fill = (int(255 * glow), int(240 * glow), int(190 * glow))
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


def _flat(colour: Colour) -> Floats:
    return column(colour)


def _picture(colours: Floats, width: int, height: int) -> Floats:
    return np.ascontiguousarray(colours.T, np.float32).reshape(height, width, 3)
