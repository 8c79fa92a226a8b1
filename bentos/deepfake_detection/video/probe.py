"""The process that looks into a stranger's file: ``python -m bentos.deepfake_detection.video.probe FILE LIMITS``.

It prints one line of JSON: ``{"facts": ...}``, or ``{"invalid": "a sentence"}``; anything else is a crash.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame

from bentos.common.errors import InvalidVideo
from bentos.deepfake_detection.video.confinement import confine
from bentos.deepfake_detection.video.containers import OpenVideo
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.faults import nothing_decoded, require_whole, too_large
from bentos.deepfake_detection.video.limits import ProbeLimits
from bentos.deepfake_detection.video.orientation import Orientation

_LONG_AGO = -(2**63)


def main(arguments: Sequence[str] | None = None) -> int:
    """Probe a file within limits."""
    path, text = sys.argv[1:] if arguments is None else arguments
    limits = ProbeLimits.from_json(text)
    confine(limits.memory_bytes)
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))  # SIGXCPU comes before SIGKILL
    signal.alarm(limits.wall_s)  # the default action ends this process, should nobody wait for it any more
    try:
        answer: dict[str, object] = {"facts": asdict(facts_of(Path(path), limits))}
    except InvalidVideo as error:
        answer = {"invalid": error.message}
    except MemoryError:
        answer = {"invalid": too_large().message}
    print(json.dumps(answer), flush=True)
    return 0


def facts_of(path: Path, limits: ProbeLimits) -> VideoFacts:
    """Decode the first frame and read the rest: headers are not believed, except where they claim too much.

    Raises:
        InvalidVideo: It is none, or larger or longer than allowed, or a part of it is missing.
    """
    with closing(OpenVideo(path, 2 * limits.max_pixels)) as video:
        _require_size(video, video.stream.width, video.stream.height, limits)
        declared = _declared(video)
        _require_length(declared or 0.0, limits)
        reading = _Reading(video)
        first = reading.run()
        _require_size(video, first.width, first.height, limits)
        reading.require_whole(declared)
        _require_length(reading.duration_s, limits)
        orientation = Orientation.of(first)
        width, height = orientation.size(*video.shown_size(first.width, first.height))
        return VideoFacts(
            container=video.kind,
            codec=video.stream.codec_context.codec.canonical_name,
            width=width,
            height=height,
            duration_s=reading.duration_s,
            frame_rate=reading.frame_rate,
            rotation=orientation.degrees,
        )


class _Reading:
    """All packets of a file, of which the first that give a frame are decoded."""

    def __init__(self, video: OpenVideo) -> None:
        self._video = video
        self._first: VideoFrame | None = None
        self._frames = 0
        self._last = self._end = _LONG_AGO
        self._file_end = Fraction(0)

    def run(self) -> VideoFrame:
        """The first frame."""
        for packet in self._video.packets(of_all=True):
            if packet.stream is self._video.stream:
                self._see(packet)
            elif packet.pts is not None and packet.time_base:
                self._file_end = max(self._file_end, (packet.pts + (packet.duration or 0)) * packet.time_base)
        if self._first is None:
            raise nothing_decoded()
        return self._first

    @property
    def duration_s(self) -> float:
        """From the first frame's time to the end of the last one."""
        return float(max(1, self._end - self._start) * self._video.time_base)

    @property
    def frame_rate(self) -> float:
        """Frames a second; of a single one the rate that the header says, or one in its duration."""
        span = self._last - self._start
        if self._frames > 1 and span > 0:
            return float((self._frames - 1) / (span * self._video.time_base))
        return float(self._video.stream.average_rate or 1 / self.duration_s)

    def require_whole(self, declared: float | None) -> None:
        """Refuse a file that ends early.

        Args:
            declared: Seconds by the header, if it says so.
        """
        end = self.duration_s
        if (
            self._video.stream.duration is None
        ):  # what is declared is the end of the last stream, counted from 0
            end = float(max(self._end * self._video.time_base, self._file_end))
        if declared is not None:
            require_whole(end, declared)

    @property
    def _start(self) -> int:
        return 0 if self._first is None or self._first.pts is None else self._first.pts

    def _see(self, packet: Packet[Stream]) -> None:
        if self._first is None:
            self._first = next(iter(self._video.frames(packet)), None)
        time = packet.dts if packet.pts is None else packet.pts
        if time is None or not packet.size or packet.is_discard:
            return
        ticks = packet.duration or self._ticks
        self._frames += 1
        self._last, self._end = max(self._last, time), max(self._end, time + ticks)

    @property
    def _ticks(self) -> int:
        """Of a frame that does not say how long it stays."""
        rate = self._video.stream.average_rate or self._video.stream.base_rate or Fraction(25)
        return max(1, round(1 / (rate * self._video.time_base)))


def _declared(video: OpenVideo) -> float | None:
    if video.stream.duration is not None:
        return float(video.stream.duration * video.time_base)
    return None if video.container.duration is None else video.container.duration / 1_000_000


def _require_size(video: OpenVideo, width: int, height: int, limits: ProbeLimits) -> None:
    wide, high = video.shown_size(width, height)
    if wide * high > limits.max_pixels:
        raise InvalidVideo(
            f"A frame of this video has {width} x {height} pixels; at most {limits.max_pixels} are allowed."
        )


def _require_length(seconds: float, limits: ProbeLimits) -> None:
    if seconds > limits.max_duration_s:
        raise InvalidVideo(
            f"The video is {seconds:.0f} s long; at most {limits.max_duration_s:.0f} s are allowed."
        )


if __name__ == "__main__":
    sys.exit(main())
