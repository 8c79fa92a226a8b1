"""A face on paper: what ink does to its colours, what paper adds, and the sheet held before a camera.

What a print is known by is taken from the literature on print attacks: fewer colours and less contrast than a face,
dots of the printing screen, the tint and grain of paper, edges of the sheet, its bending (K. Patel, H. Han, A. K. Jain,
"Secure Face Unlock: Spoof Detection on Smartphones", IEEE TIFS 11(10), 2016; Z. Zhang et al., "A Face Antispoofing
Database with Diverse Attacks", ICB 2012, which has warped and cut photographs).
"""

from __future__ import annotations

import cv2
import numpy as np

from training_eval.synthesis.flat import Box, Flat
from training_eval.synthesis.optics import Floats, Pixels, blurred, to_bytes, to_unit

_ANGLES = np.radians([0.0, 75.0, 15.0])
"""Of the printing screen of yellow, magenta and cyan, which take blue, green and red away."""
_LUMA = np.array([0.114, 0.587, 0.299], np.float32)


def printed(pixels: Pixels, random: np.random.Generator, strength: float = 1.0) -> Pixels:
    """The picture as ink on paper.

    Args:
        pixels: BGR uint8 [h, w, 3].
        random: All chance.
        strength: 0 gives the picture unchanged, 1 a print by an ordinary office printer.
    """
    if strength <= 0:
        return pixels.copy()
    values = blurred(to_unit(pixels), random.uniform(0.2, 0.9) * strength)
    values = _ink(values, random, strength)
    values = _screened(values, random, strength)
    return to_bytes(_on_paper(values, random, strength))


def sheet(pixels: Pixels, box: Box, random: np.random.Generator, strength: float = 1.0) -> Flat:
    """The printed picture as a sheet with a white edge, bent about one axis.

    Args:
        pixels: BGR uint8 [h, w, 3], with the face.
        box: Of the face, [4] in pixels.
        random: All chance.
        strength: Of the print and of the bending.
    """
    edge = int(random.choice([0.0, random.uniform(0.01, 0.12)]) * min(pixels.shape[:2]))
    white = random.uniform(0.86, 0.96)
    framed = cv2.copyMakeBorder(
        pixels, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(255 * white,) * 3
    ).astype(np.uint8)
    surface = to_unit(printed(framed, random, strength))
    moved = np.asarray(box, np.float32) + np.array([edge, edge, 0, 0], np.float32)
    bent, opaque = _bent(surface, random, strength)
    return Flat(bent, opaque, moved)


def _ink(values: Floats, random: np.random.Generator, strength: float) -> Floats:
    """Fewer colours: less saturation, black that is not black, white no lighter than the paper."""
    grey = (values @ _LUMA)[..., None]
    saturation = 1 - random.uniform(0.15, 0.55) * strength
    black, white = random.uniform(0.05, 0.2) * strength, 1 - random.uniform(0.05, 0.2) * strength
    cast = 1 + random.normal(0, 0.06, 3) * strength
    return np.asarray(black + (white - black) * (grey + (values - grey) * saturation) * cast, np.float32)


def _screened(values: Floats, random: np.random.Generator, strength: float) -> Floats:
    """Dots of amplitude-modulated screens, a screen and an angle for each ink; middle tones show them most."""
    height, width = values.shape[:2]
    y, x = np.ogrid[:height, :width]
    y, x = y.astype(np.float32), x.astype(np.float32)
    wave, depth = 2 * np.pi / random.uniform(2.2, 5.5), random.uniform(0, 0.22) * strength
    dots = np.empty_like(values)
    for channel, angle in enumerate(_ANGLES + random.uniform(0, np.pi)):
        across, down = float(wave * np.cos(angle)), float(wave * np.sin(angle))
        u, v = x * across + y * down, y * across - x * down
        dots[..., channel] = np.cos(u) * np.cos(v)
    tones = np.clip(values, 0, 1)
    return np.asarray(values + depth * dots * 4 * tones * (1 - tones), np.float32)


def _on_paper(values: Floats, random: np.random.Generator, strength: float) -> Floats:
    """Tint, fibres and uneven white of the paper, all of which multiply what the ink leaves."""
    height, width = values.shape[:2]
    tint = (
        1 - np.array([random.uniform(0, 0.12), random.uniform(0, 0.05), random.uniform(0, 0.04)]) * strength
    )
    grain = random.standard_normal((height, width), dtype=np.float32)
    fibres = cv2.GaussianBlur(grain, (0, 0), random.uniform(0.6, 1.4), sigmaY=random.uniform(0.6, 1.4))
    clouds = cv2.resize(
        random.standard_normal((5, 5), dtype=np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    paper = 1 + strength * (random.uniform(0.01, 0.05) * fibres + 0.015 * clouds)
    return np.asarray(values * tint.astype(np.float32) * paper[..., None], np.float32)


def _bent(surface: Floats, random: np.random.Generator, strength: float) -> tuple[Floats, Floats]:
    """Bend the sheet about its upright or level axis: its edge curves, and light falls off across it."""
    height, width = surface.shape[:2]
    upright = bool(random.random() < 0.5)
    length, across = (width, height) if upright else (height, width)
    at = np.linspace(-1, 1, length, dtype=np.float32)
    phase, turns = random.uniform(-0.5, 0.5), random.uniform(0.5, 1.2)
    sag = random.uniform(0, 0.06) * strength * across * (1 - np.cos(np.pi * turns * (at - phase)))
    light = 1 + random.uniform(-0.25, 0.25) * strength * np.sin(np.pi * turns * (at - phase))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    if upright:
        y = y + sag[None, :].astype(np.float32)
        shade = np.broadcast_to(light[None, :, None], surface.shape)
    else:
        x = x + sag[:, None].astype(np.float32)
        shade = np.broadcast_to(light[:, None, None], surface.shape)
    bent = cv2.remap(surface * shade, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    opaque = cv2.remap(np.ones((height, width), np.float32), x, y, cv2.INTER_LINEAR)
    return np.asarray(bent, np.float32), np.asarray(opaque, np.float32)
