"""A video to be analysed: people who move through a landscape, 1080p, as long as is wanted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from PIL import Image, ImageOps

from deploy.bench.pictures import SAMPLES

WIDTH, HEIGHT, FPS = 1920, 1080, 25
LOOP_S = 20
"""The people come back to where they were after so many seconds: no more than that is drawn and encoded."""
BIT_RATE = 5_000_000
TALL = 640
"""Pixels of the height of a person's picture."""
GRAINS = 5
DRAWN = (SAMPLES / "portrait.jpg", SAMPLES / "portrait.jpg")

Pixels = NDArray[np.uint8]


def make_clip(path: Path, seconds: float, people: Sequence[Path] = DRAWN, loop_s: int = LOOP_S) -> None:
    """H.264 in MP4, 25 frames a second.

    Args:
        path: Where.
        seconds: How long, to a few frames.
        people: A picture of each person.
        loop_s: After how many seconds it begins anew.
    """
    once = path.with_suffix(".once.mp4")
    shown = [_person(picture, bool(place % 2)) for place, picture in enumerate(people)]
    frames = islice(_frames(shown, loop_s * FPS), math.ceil(seconds * FPS))
    try:
        _encode(once, frames)
        _repeat(once, path, seconds, loop_s)
    finally:
        once.unlink(missing_ok=True)


def _person(picture: Path, mirrored: bool) -> Pixels:
    image = Image.open(picture).convert("RGB")
    image = ImageOps.mirror(image) if mirrored else image
    width = min(WIDTH // 2, round(image.width * TALL / image.height))
    return np.asarray(ImageOps.fit(image, (width, TALL)), np.uint8)


def _frames(people: Sequence[Pixels], count: int) -> Iterator[Pixels]:
    """RGB; each person sways in a lane, and the camera has grain."""
    land = np.asarray(ImageOps.fit(Image.open(SAMPLES / "landscape.jpg").convert("RGB"), (WIDTH, HEIGHT)))
    grains = np.random.default_rng(0).integers(-5, 6, (GRAINS, HEIGHT, WIDTH, 1), np.int16)
    for number in range(count):
        shown = land.copy()
        for place, person in enumerate(people):
            _put(shown, person, place, len(people), number / count)
        yield np.clip(shown + grains[number % GRAINS], 0, 255).astype(np.uint8)


def _put(shown: Pixels, person: Pixels, place: int, count: int, phase: float) -> None:
    height, width = person.shape[:2]
    free_x, free_y = max(0, WIDTH // count - width), HEIGHT - height
    turn = 2 * math.pi * (phase + place / count)
    x = place * WIDTH // count + round(free_x * (1 + math.sin(turn)) / 2)
    y = round(free_y * (1 + math.cos(2 * turn)) / 2)
    part = shown[y : y + height, x : x + width]
    part[:] = person[:, : part.shape[1]]


def _encode(path: Path, frames: Iterator[Pixels]) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", FPS, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH, HEIGHT, "yuv420p", BIT_RATE
        for pixels in frames:
            out.mux(stream.encode(VideoFrame.from_ndarray(pixels, "rgb24")))
        out.mux(stream.encode(None))


def _repeat(once: Path, path: Path, seconds: float, loop_s: int) -> None:
    """The same packets, again and again."""
    with av.open(str(path), "w") as out, av.open(str(once)) as source:
        template = source.streams.video[0]
        stream = out.add_stream_from_template(template)
        assert template.time_base is not None
        loop, left = (
            int(loop_s / template.time_base),
            Fraction(seconds).limit_denominator(1000) / template.time_base,
        )
        for turn in range(math.ceil(seconds / loop_s)):
            source.seek(0)
            for packet in source.demux(template):
                if packet.dts is None or packet.pts is None or packet.dts + turn * loop >= left:
                    continue  # cut in the order of decoding, so that no frame lacks what it refers to
                packet.pts, packet.dts = packet.pts + turn * loop, packet.dts + turn * loop
                packet.stream = stream
                out.mux(packet)
