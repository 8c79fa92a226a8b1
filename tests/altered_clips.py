"""Clips made of photographs, with a face altered for a while."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from videos import write_video

from models.runtime.detector import Detection, DetectorModel, canvas_of, detections_of
from models.runtime.session import Pixels

WIDTH, HEIGHT = 960, 720
FACE = 300
"""Pixels of a face's longer side: large enough for all of the networks' evidence to count."""
FPS = 10


def photograph(path: Path) -> Pixels:
    pixels = cv2.imread(str(path))
    assert pixels is not None
    return np.asarray(pixels, np.uint8)


def largest_face(detector: DetectorModel, pixels: Pixels) -> Detection:
    (card,) = detector.cards
    canvas = canvas_of(card, pixels)
    (rows,) = detector.predict([canvas.canvas])
    return max(detections_of(rows, canvas, 0.6), key=lambda one: float(one.box[2] * one.box[3]))


def portrait(detector: DetectorModel, photo: Pixels) -> Pixels:
    """The photograph with its largest face in the middle, at a size that is judged in full."""
    box = largest_face(detector, photo).box.astype(float)
    scale = FACE / float(max(box[2:]))
    middle = (box[:2] + box[2:] / 2) * scale
    move = np.array([[scale, 0, WIDTH / 2 - middle[0]], [0, scale, HEIGHT / 2 - middle[1]]])
    return _warped(photo, move)


def with_face_of(detector: DetectorModel, target: Pixels, source: Pixels) -> Pixels:
    """The target's face covered with the source's: warped by its landmarks, blended with a soft edge."""
    its, theirs = largest_face(detector, target), largest_face(detector, source)
    move, _ = cv2.estimateAffinePartial2D(theirs.points, its.points)
    x, y, width, height = (float(value) for value in its.box)
    mask = np.zeros(target.shape[:2], np.uint8)
    middle, axes = (int(x + width / 2), int(y + height / 2)), (int(width / 2), int(height * 0.52))
    cv2.ellipse(mask, middle, axes, 0, 0, 360, 255, -1)
    share = cv2.GaussianBlur(mask, (0, 0), width * 0.03)[..., None] / 255.0
    return (_warped(source, move) * share + target * (1 - share)).astype(np.uint8)


def reduced(detector: DetectorModel, target: Pixels, factor: int) -> Pixels:
    """The target's own face with a ``factor``-th of its detail, the rest as sharp as it was."""
    height, width = target.shape[:2]
    small = cv2.resize(target, (width // factor, height // factor), interpolation=cv2.INTER_AREA)
    blurred = np.asarray(cv2.resize(small, (width, height)), np.uint8)
    return with_face_of(detector, target, blurred)


def filmed(
    still: Pixels, altered: Pixels, spans: Sequence[tuple[float, float]], seconds: float
) -> Iterator[Pixels]:
    """Frames of a hand-held camera, with its noise; the altered picture within the spans, in seconds."""
    rng = np.random.default_rng(0)
    for number in range(round(seconds * FPS)):
        time_s = number / FPS
        shown = altered if any(start <= time_s < end for start, end in spans) else still
        move = np.array([[1, 0, 12 * np.sin(1.1 * time_s)], [0, 1, 8 * np.cos(0.8 * time_s)]])
        noise = rng.integers(-4, 5, (HEIGHT, WIDTH, 3), np.int16)
        yield np.clip(_warped(shown, move) + noise, 0, 255).astype(np.uint8)


def write_clip(path: Path, pictures: Iterable[Pixels]) -> None:
    write_video(path, pictures, fps=FPS, format="mp4")


def _warped(pixels: Pixels, move: object) -> Pixels:
    size = (WIDTH, HEIGHT)
    moved = cv2.warpAffine(
        pixels, np.asarray(move), size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(moved, np.uint8)
