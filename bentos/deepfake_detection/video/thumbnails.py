"""Small pictures of the most suspicious face of each second."""

from __future__ import annotations

import math

import cv2
import simplejpeg

from models.processing.tracking import Observation
from models.runtime.session import Pixels

SIDE = 96
QUALITY = 80


class Thumbnails:
    """Keeps, for each second, the picture of the observation with the highest score, the first among equals.

    Args:
        kept: Takes JPEGs by the observation's position: one a second, about 3 kB each.
    """

    def __init__(self, kept: dict[int, bytes]) -> None:
        self._kept = kept
        self._worst: dict[int, tuple[float, int]] = {}

    def add(self, position: int, one: Observation, cut: Pixels) -> None:
        """Look at one more face.

        Args:
            position: Of the observation among all.
            one: The observation.
            cut: BGR uint8 [views, H, W, 3], as the networks saw it.
        """
        second = second_of(one)
        score, former = self._worst.get(second, (-1.0, -1))
        if one.score <= score:
            return
        self._kept.pop(former, None)
        self._worst[second] = one.score, position
        self._kept[position] = _jpeg(cut[0])


def second_of(one: Observation) -> int:
    """The whole second in which it falls."""
    return math.floor(one.time_s)


def _jpeg(pixels: Pixels) -> bytes:
    small = cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    jpeg: bytes = simplejpeg.encode_jpeg(small, quality=QUALITY, colorspace="BGR")
    return jpeg
