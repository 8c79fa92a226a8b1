"""Frames of a video at regular times, upright and no larger than needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path

import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from bentos.common.errors import InvalidVideo
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.faults import require_whole, too_large
from bentos.deepfake_detection.video.player import Player
from models.runtime.session import Pixels

MAX_SIDE = 1920
_FINEST_RATE = 10_000
"""Denominators of sample rates: 0.1 a second is one each ten seconds, not what the nearest binary fraction is."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What a video shows at a time.

    Attributes:
        index: Number of the sample, from 0.
        time_s: ``index / sample_fps``, since the first frame.
        pixels: BGR uint8 [h, w, 3], upright, with square pixels, contiguous; several samples may share them, so
            they are not to be written to.
        scale: Pixels here a pixel of the full size, at most 1.
        width: Of the upright picture at full size, in pixels.
        height: The same.
    """

    index: int
    time_s: float
    pixels: Pixels
    scale: float
    width: int
    height: int


def sampled_frames(
    path: Path,
    facts: VideoFacts,
    *,
    sample_fps: float,
    start: int = 0,
    stop: int | None = None,
    max_side: int = MAX_SIDE,
) -> Iterator[Frame]:
    """What is on the screen at the times k / ``sample_fps`` since the first frame, for k from ``start``.

    Times are those of the frames (pts), so that a variable rate is sampled evenly; a frame that stays on the screen
    over several times comes for each. The same k has the same pixels wherever one starts. Interlaced frames are not
    separated, and colours without a tag are read as BT.601, as OpenCV reads them too.

    Args:
        path: The file.
        facts: What probing found.
        sample_fps: Samples a second.
        start: The first one.
        stop: The first one that is not wanted any more; None: to the end.
        max_side: Longer pictures are made smaller, to so many pixels on the longer side.

    Raises:
        InvalidVideo: It cannot be decoded, or ends before 80 % of its duration; said after its last frame.
    """
    rate = Fraction(sample_fps).limit_denominator(_FINEST_RATE)
    with closing(Player(path, facts, float(1 / rate))) as player:
        pictures = _Pictures(player, max_side)
        tick = 1 / (rate * player.video.time_base)
        whole = Fraction(facts.duration_s)
        for k in count(start) if stop is None else range(start, stop):
            shown = player.at(player.start + int(k * tick)) if k / rate < whole else None
            if shown is None:
                _require_whole(player, facts.duration_s)
                return
            yield pictures.of(shown, k, float(k / rate))


class _Pictures:
    """Makes pictures of frames; the last one is kept, as it may be on the screen for long."""

    def __init__(self, player: Player, max_side: int) -> None:
        self._player = player
        self._max_side = max_side
        self._swscale = VideoReformatter()
        self._last: tuple[VideoFrame, Frame] | None = None

    def of(self, frame: VideoFrame, index: int, time_s: float) -> Frame:
        if self._last is None or self._last[0] is not frame:
            self._last = frame, self._made(frame)
        one = self._last[1]
        return Frame(index, time_s, one.pixels, one.scale, one.width, one.height)

    def _made(self, frame: VideoFrame) -> Frame:
        width, height = self._player.video.shown_size(frame.width, frame.height)
        scale = min(1.0, self._max_side / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        upright = self._player.orientation.upright(self._scaled(frame, *size))
        return Frame(0, 0.0, upright, scale, *self._player.orientation.size(width, height))

    def _scaled(self, frame: VideoFrame, width: int, height: int) -> Pixels:
        """BGR of that size, without the whole picture in between."""
        way = Interpolation.AREA if width * height < frame.width * frame.height else Interpolation.BILINEAR
        try:
            bgr = self._swscale.reformat(frame, width, height, "bgr24", interpolation=way, threads=1)
        except MemoryError as error:
            raise too_large() from error
        except FFmpegError as error:
            raise InvalidVideo(
                "The colours of this video are stored in a way that is not read here."
            ) from error
        return np.asarray(bgr.to_ndarray(), np.uint8)


def _require_whole(player: Player, duration_s: float) -> None:
    """Play what no sample was taken of, and refuse a video of which a part is missing."""
    player.at(player.start + int(Fraction(duration_s) / player.video.time_base))
    if player.end is not None:
        require_whole(float((player.end - player.start) * player.video.time_base), duration_s)
