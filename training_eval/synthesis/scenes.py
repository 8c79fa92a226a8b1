"""Whole scenes around a face: a person before the camera, a print or a screen held before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np

from training_eval.synthesis.flat import Box, Flat, Scene, placed, tilted
from training_eval.synthesis.optics import Pixels, blurred, shot, to_bytes, to_unit
from training_eval.synthesis.print import sheet
from training_eval.synthesis.replay import screen

_SIDES = (160.0, 560.0)
"""Shorter side of a scene in pixels; smaller ones as often as larger ones."""
_SHARE = (0.2, 0.52)
"""Of that side, the face's longer one."""
_REACH = (1.3, 4.0)
"""How much of its surroundings a print or screen shows, as a multiple of the face's longer side."""

_WIDEST = 4.4
"""What of a photograph's surroundings a scene shows at most, as such a multiple: a little more than networks see."""
_TRIES = 10
"""Places for a picture beside a person that are looked at before there is none."""

Hold = Callable[[Pixels, Box, np.random.Generator, float], Flat]
ATTACKS: Mapping[str, Hold] = MappingProxyType({"print": sheet, "replay": screen})
"""What is held before the camera, by kind of attack."""


def around(pixels: Pixels, box: Box, reach: float) -> Scene:
    """The face and what surrounds it: a square of ``reach`` times the box's longer side, cut where the picture ends.

    Args:
        pixels: BGR uint8 [h, w, 3].
        box: [4] left, top, width, height in pixels; may reach over the border.
        reach: Multiple of the box's longer side.
    """
    height, width = pixels.shape[:2]
    centre, half = box[:2] + box[2:] / 2, max(float(max(box[2:])) * reach / 2, 0.5)
    left, top = (
        int(np.clip(np.floor(at - half), 0, limit - 1))
        for at, limit in zip(centre, (width, height), strict=True)
    )
    right, bottom = (
        int(np.clip(np.ceil(at + half), low + 1, limit))
        for at, low, limit in zip(centre, (left, top), (width, height), strict=True)
    )
    moved = np.asarray(box, np.float32) - np.array([left, top, 0, 0], np.float32)
    return Scene(pixels[top:bottom, left:right].copy(), moved)


def sized(scene: Scene, side: float) -> Scene:
    """The scene at the scale that gives its face's longer side ``side`` pixels."""
    factor = side / max(float(max(scene.box[2:])), 1.0)
    height, width = scene.pixels.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    exact = np.array([size[0] / width, size[1] / height] * 2, np.float32)
    return Scene(np.asarray(cv2.resize(scene.pixels, size, interpolation=way), np.uint8), scene.box * exact)


def genuine(
    pixels: Pixels,
    box: Box,
    random: np.random.Generator,
    strength: float = 1.0,
    beside: Pixels | None = None,
) -> Scene:
    """A person before the camera: the photograph's own surroundings, taken as attacks are taken.

    Args:
        pixels: BGR uint8 [h, w, 3].
        box: Of the face, [4] in pixels.
        random: All chance.
        strength: Of what the camera does; 0 leaves the photograph as it was stored.
        beside: A picture that hangs or stands beside the person: a straight edge makes no attack.
    """
    share = random.uniform(*_SHARE)
    scene = around(pixels, box, _WIDEST if strength <= 0 else min(_WIDEST, random.uniform(1.0, 1.4) / share))
    if beside is not None:
        scene = Scene(_with_picture(scene, beside, random), scene.box)
    if strength <= 0:
        return scene
    scene = sized(scene, share * _side(random))
    return Scene(shot(scene.pixels, random, random.uniform(0, strength)), scene.box)


def attack(
    kind: str,
    pixels: Pixels,
    box: Box,
    background: Pixels,
    random: np.random.Generator,
    strength: float = 1.0,
) -> Scene:
    """A print or a screen that shows the face, held before a background without hands.

    Args:
        kind: One of ``ATTACKS``.
        pixels: BGR uint8 [h, w, 3], the photograph that is shown.
        box: Of the face, [4] in pixels.
        background: BGR uint8 of any size; what lies behind, brought to the scene's size and out of focus.
        random: All chance.
        strength: Of what print, screen and camera do.
    """
    shorter, share = _side(random), random.uniform(*_SHARE)
    height, width = (
        round(shorter * factor) for factor in random.permutation([1.0, random.uniform(1.0, 1.4)])
    )
    # What would lie far outside the scene is not made.
    reach = min(random.uniform(*_REACH), 1.8 / share)
    shown = sized(around(pixels, box, reach), share * shorter)
    flat = ATTACKS[kind](shown.pixels, shown.box, random, strength)
    rows, columns = flat.opaque.shape
    corners = tilted((columns, rows), random, strength)
    # The face, not the sheet, is what somebody holds before the camera.
    face = flat.box[:2] + flat.box[2:] / 2 - np.array([columns, rows], np.float32) / 2
    centre = np.array([width, height]) * random.uniform(0.38, 0.62, 2)
    at = corners - face + centre.astype(np.float32)
    scene = placed(flat, behind(background, (width, height), random), np.asarray(at, np.float32))
    return Scene(shot(scene.pixels, random, random.uniform(0, strength)), scene.box)


def _side(random: np.random.Generator) -> float:
    return float(np.exp(random.uniform(*np.log(_SIDES))))


def _with_picture(scene: Scene, beside: Pixels, random: np.random.Generator) -> Pixels:
    """Cover a rectangle that leaves the face and its hair free; nothing where there is no room for one."""
    found = _free_place(scene, random)
    if found is None:
        return scene.pixels
    left, top, width, height = found
    pixels = scene.pixels.copy()
    part = cv2.resize(beside, (width, height), interpolation=cv2.INTER_AREA)
    pixels[top : top + height, left : left + width] = part
    edge = int(random.integers(0, 2 + min(width, height) // 12))
    if edge:
        shade = (int(random.integers(256)),) * 3
        cv2.rectangle(pixels, (left, top), (left + width - 1, top + height - 1), shade, edge)
    return pixels


def _free_place(scene: Scene, random: np.random.Generator) -> tuple[int, int, int, int] | None:
    """Left, top, width and height of a rectangle beside the face."""
    limits = np.array(scene.pixels.shape[1::-1])
    low, high = scene.box[:2] - 0.25 * scene.box[2:], scene.box[:2] + 1.25 * scene.box[2:]
    for _ in range(_TRIES):
        size = np.maximum(random.uniform(0.15, 0.7, 2) * limits, 1).astype(int)
        start = random.integers(0, limits - size + 1)
        if (start >= high).any() or (start + size <= low).any():
            return int(start[0]), int(start[1]), int(size[0]), int(size[1])
    return None


def behind(background: Pixels, size: tuple[int, int], random: np.random.Generator) -> Pixels:
    """A part of ``background`` at ``size`` (width, height), out of focus and in another light."""
    height, width = background.shape[:2]
    share = random.uniform(0.4, 1.0)
    across, down = max(1, int(width * share)), max(1, int(height * share))
    left, top = int(random.integers(0, width - across + 1)), int(random.integers(0, height - down + 1))
    part = background[top : top + down, left : left + across]
    part = part[:, ::-1] if random.random() < 0.5 else part
    values = to_unit(np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8))
    light = random.uniform(0.5, 1.2) + random.normal(0, 0.05, 3)
    return to_bytes(blurred(values * light.astype(np.float32), random.uniform(0, 0.012) * max(size)))
