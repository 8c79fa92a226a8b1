"""Says which frame of a video is on the screen at a time, for times that only grow."""

from __future__ import annotations

from collections.abc import Generator
from fractions import Fraction
from pathlib import Path

from av.error import FFmpegError
from av.stream import Discard
from av.video.frame import PictureType, VideoFrame

from bentos.deepfake_detection.video.containers import OpenVideo
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.faults import nothing_decoded
from bentos.deepfake_detection.video.orientation import Orientation

THREADS = 2
GAIN = 12
"""Frames that a jump must save: what is in the decoder's threads is lost, and the way from the keyframe is longer."""
FALLBACKS_S = (0.0, 2.0, 10.0)
"""How much earlier it is tried where a demuxer lands behind the time that it was asked for."""
LEAST_MAX_PIXELS = 2560 * 1440
"""Recordings of calls begin small and grow, so that the first size alone is no limit."""


class Player:
    """Plays a video without a screen; to be closed.

    A frame is on the screen from its own time until the next one's. The pixels do not depend on where playing
    begins: after a jump only frames count that follow a clean keyframe, else it is played from the beginning.
    Frames that are marked as damaged are not shown; the one before stays. What decoders with two threads invent for
    missing parts is not the same in each run, so that only whole videos give the same pixels always.

    Args:
        path: The file.
        facts: What probing found.
        step_s: Seconds between the times that will be asked for, about.

    Attributes:
        start: Time of the first frame, in ticks.
        orientation: Of all frames, as the first one says.

    Raises:
        InvalidVideo: No frame can be decoded.
    """

    def __init__(self, path: Path, facts: VideoFacts, step_s: float) -> None:
        self._path = path
        self._max_pixels = max(2 * facts.width * facts.height, LEAST_MAX_PIXELS)
        self._may_jump = True
        self._open()
        self._frame_ticks = max(1, round(1 / (Fraction(facts.frame_rate) * self.video.time_base)))
        self._now: VideoFrame | None = None
        self._next = next(self._frames, None)
        if self._next is None:
            self.close()
            raise nothing_decoded()
        self.start = _time(self._next)
        self.orientation = Orientation.of(self._next)
        if self._may_jump and step_s * facts.frame_rate > GAIN:
            self._jump(self.start)  # makes demuxers read the index that stands at the end of a file

    def close(self) -> None:
        """Let go of the file."""
        self._frames.close()
        self.video.close()

    def at(self, ticks: int) -> VideoFrame | None:
        """The frame on the screen at a time; None once the video is over.

        Args:
            ticks: Of the stream's time, not before ``start`` and not before those asked for earlier.
        """
        if self._may_jump and self._keyframe_ahead(ticks):
            self._jump(ticks)
        while self._next is not None and _time(self._next) <= ticks:
            self._now, self._next = self._next, next(self._frames, None)
        over = self._next is None and (self.end is None or ticks >= self.end)
        return None if over else self._now

    @property
    def end(self) -> int | None:
        """When the last frame goes, in ticks, once it is on the screen; None before."""
        if self._next is not None or self._now is None:
            return None
        return _time(self._now) + (self._now.duration or self._frame_ticks)

    def _open(self) -> None:
        self.video = OpenVideo(self._path, self._max_pixels)
        for other in self.video.container.streams:
            if other is not self.video.stream:
                other.discard = Discard.all
        self.video.stream.thread_type = "AUTO"
        self.video.stream.codec_context.thread_count = THREADS
        self._frames = self._decoded()

    def _decoded(self) -> Generator[VideoFrame, None, None]:
        """Frames from here on, each later than the one before."""
        last: int | None = None
        for packet in self.video.packets():
            for frame in self.video.frames(packet):
                if frame.pts is None:
                    frame.pts = self._guess(frame, last)
                if not frame.is_corrupt and (last is None or frame.pts > last):
                    last = frame.pts
                    yield frame

    def _guess(self, frame: VideoFrame, last: int | None) -> int:
        """The time of a frame that has none of its own, as in AVI: packets' times keep their order at least.

        It depends on where decoding began, so that jumps are over.
        """
        self._may_jump = False
        if frame.dts is not None and (last is None or frame.dts > last):
            return frame.dts
        return 0 if last is None else last + self._frame_ticks

    def _keyframe_ahead(self, ticks: int) -> bool:
        """Whether the keyframe for a time is so far ahead that jumping there is cheaper than playing on."""
        here = self.start if self._now is None else _time(self._now)
        gain = GAIN * self._frame_ticks
        if ticks - here <= gain:
            return False
        index = self.video.stream.index_entries
        place = index.search_timestamp(ticks, backward=True)
        return self._now is None or (place >= 0 and index[place].timestamp > here + gain)

    def _jump(self, ticks: int) -> None:
        """Go to the keyframe before a time, or to the beginning, and never again where that fails."""
        here = None if self._now is None else _time(self._now)
        for earlier in FALLBACKS_S:
            if self._land(ticks - round(earlier / self.video.time_base), ticks):
                assert self._next is not None
                self._may_jump &= here is None or _time(self._next) > here
                return
        self._may_jump = False
        self.close()
        self._open()
        self._now, self._next = None, next(self._frames, None)

    def _land(self, goal: int, ticks: int) -> bool:
        """Seek; whether a clean keyframe came that is not later than ``ticks``."""
        try:
            self.video.container.seek(goal, stream=self.video.stream)
        except FFmpegError:
            return False
        self._frames = self._decoded()
        for frame in self._frames:
            if _time(frame) > ticks:
                return False
            if frame.key_frame and frame.pict_type == PictureType.I:
                self._now, self._next = None, frame
                return True
        return False


def _time(frame: VideoFrame) -> int:
    assert frame.pts is not None  # ``_decoded`` gives each a time
    return frame.pts
