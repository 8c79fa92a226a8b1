"""What pictures go through on their way: JPEG, smaller sizes, H.264."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def jpeg(pixels: Pixels, quality: int) -> Pixels:
    """The picture after JPEG.

    Args:
        pixels: BGR uint8 [h, w, 3].
        quality: 1 to 100, as libjpeg counts it.
    """
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def resized(pixels: Pixels, share: float) -> Pixels:
    """The picture made smaller and brought back to its size: the detail above ``share`` of its own is lost.

    Args:
        pixels: BGR uint8 [h, w, 3].
        share: Of each side that is kept; 1 and more change nothing.
    """
    if share >= 1:
        return pixels.copy()
    height, width = pixels.shape[:2]
    small = (max(1, round(width * share)), max(1, round(height * share)))
    reduced = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(reduced, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def h264(pictures: Sequence[Pixels], crf: int = 28) -> list[Pixels]:
    """Pictures of one size after H.264 (x264, 4:2:0), each a keyframe: what one frame loses, without motion.

    Args:
        pictures: BGR uint8 [h, w, 3]; odd sides lose their last row or column to 4:2:0 and get it back repeated.
        crf: x264's constant rate factor: 18 is hard to see, 23 its default, 40 (FaceForensics++ c40) is crude.
    """
    if not pictures:
        return []
    height, width = pictures[0].shape[:2]
    even = [_even(picture) for picture in pictures]
    return [picture[:height, :width] for picture in _decoded(_encoded(even, crf))]


def _even(pixels: Pixels) -> Pixels:
    """H.264 in 4:2:0 wants even sides, and x264 at least 16 pixels to be of use."""
    height, width = pixels.shape[:2]
    bottom, right = max(16 - height, height % 2), max(16 - width, width % 2)
    return np.asarray(cv2.copyMakeBorder(pixels, 0, bottom, 0, right, cv2.BORDER_REPLICATE), np.uint8)


def _encoded(pictures: Sequence[Pixels], crf: int) -> bytes:
    sink = io.BytesIO()
    with av.open(sink, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(25))
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(crf), "g": "1", "preset": "veryfast", "threads": "1"}
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return sink.getvalue()


def _decoded(data: bytes) -> list[Pixels]:
    with av.open(io.BytesIO(data), "r") as container:
        return [np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in container.decode(video=0)]
