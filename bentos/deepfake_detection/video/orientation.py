"""How a video's frames have to be turned to stand upright."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
_DEGREES = {
    (False, False, False): 0,
    (True, True, False): 90,
    (False, True, True): 180,
    (True, False, True): 270,
}


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of eight ways to stand: swap the axes, then mirror.

    Attributes:
        swapped: Rows become columns.
        mirrored: Left becomes right, afterwards.
        upended: Top becomes bottom, afterwards.
    """

    swapped: bool = False
    mirrored: bool = False
    upended: bool = False

    @classmethod
    def of(cls, frame: VideoFrame) -> Orientation:
        """By a frame's display matrix; other angles than quarters of a turn count as the nearest one.

        The matrix is that of ISO/IEC 14496-12, 8.3.2: x' = a x + c y, y' = b x + d y, stored as a, b, u, c, d, ...
        """
        try:
            matrix = bytes(frame.side_data["DISPLAYMATRIX"])  # type: ignore[typeddict-item]
        except (KeyError, ValueError):  # none, or side data of a kind that PyAV has no name for
            return cls._turned(frame.rotation)
        a, b, _, c, d = struct.unpack_from("5i", matrix)
        if abs(b) + abs(c) > abs(a) + abs(d):
            return cls(True, c < 0, b < 0)
        return cls(False, a < 0, d < 0)

    @classmethod
    def _turned(cls, degrees: int) -> Orientation:
        """By degrees counterclockwise, as FFmpeg counts."""
        clockwise = round(-degrees / 90) * 90 % 360
        return next(cls(*way) for way, turn in _DEGREES.items() if turn == clockwise)

    @property
    def degrees(self) -> int:
        """Degrees clockwise: 0, 90, 180 or 270; of a mirrored one those after it is mirrored back."""
        way = (self.swapped, self.mirrored, self.upended)
        return _DEGREES.get(way, _DEGREES.get((self.swapped, not self.mirrored, self.upended), 0))

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height, upright, of a picture that is stored so large; and the other way round."""
        return (height, width) if self.swapped else (width, height)

    def upright(self, pixels: Pixels) -> Pixels:
        """Turn a picture.

        Args:
            pixels: uint8 [h, w, 3].

        Returns:
            The picture, contiguous; the same array where nothing is to be turned.
        """
        turned = cv2.transpose(pixels) if self.swapped else pixels
        if self.mirrored or self.upended:
            turned = cv2.flip(turned, -1 if self.mirrored and self.upended else int(self.mirrored))
        return np.ascontiguousarray(turned, np.uint8)
