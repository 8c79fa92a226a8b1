"""Facts of a video, found in a process of its own: what decoders do with hostile bytes stays there."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ValidationError

from bentos.common.errors import InvalidVideo
from bentos.deepfake_detection.settings import VideoSettings, environment_of_analysis
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.limits import ProbeLimits

logger = logging.getLogger(__name__)

GRACE_S = 5
"""The child ends itself in time; this is for one that cannot."""
TAIL_BYTES = 500
MAX_ANSWER_BYTES = 10_000
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP)
_OUT_OF_TIME = (signal.SIGXCPU, signal.SIGALRM)


class _Answer(BaseModel):
    """What the child prints."""

    facts: VideoFacts | None = None
    invalid: str | None = None


def probe(path: Path, settings: VideoSettings) -> VideoFacts:
    """Look into a file; its name says nothing.

    Raises:
        InvalidVideo: No video that can be decoded within the limits; the message says what is wrong.
        RuntimeError: The process could not do its work, for no reason that the file gives.
    """
    return probe_within(path, ProbeLimits(settings.max_pixels, settings.max_duration_s))


def probe_within(path: Path, limits: ProbeLimits, command: Sequence[str] | None = None) -> VideoFacts:
    """As ``probe``, with limits of its own.

    Args:
        path: The file.
        limits: Of the video and the process.
        command: In place of the process that probes.
    """
    command = command or (sys.executable, "-m", "bentos.deepfake_detection.video.probe")
    try:
        child = subprocess.run(  # noqa: S603
            [*command, str(path.absolute()), limits.to_json()],
            env=environment_of_analysis(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limits.wall_s + GRACE_S,
        )
    except subprocess.TimeoutExpired as error:
        raise _takes_too_long() from error
    return _facts(child)


def _facts(child: subprocess.CompletedProcess[bytes]) -> VideoFacts:
    tail = child.stderr[-TAIL_BYTES:].decode("utf-8", "replace").strip()
    if child.returncode < 0:
        raise _ended(-child.returncode, tail)
    try:
        answer = _Answer.model_validate_json(child.stdout[:MAX_ANSWER_BYTES])
    except ValidationError:
        answer = _Answer()
    if answer.facts is not None:
        return answer.facts
    if answer.invalid is not None:
        raise InvalidVideo(answer.invalid)
    raise RuntimeError(f"probing a video ended with {child.returncode}: {tail}")


def _ended(number: int, tail: str) -> Exception:
    """By a signal: a decoder's fault, which the file brought about, or somebody else's."""
    if number in _OUT_OF_TIME:
        return _takes_too_long()
    name = signal.Signals(number).name
    if number in _CRASHES:
        logger.warning("a video ended the process that probed it by %s: %s", name, tail)
        return InvalidVideo("The video is damaged in a way that makes decoding it fail.")
    return RuntimeError(f"probing a video was ended by {name}: {tail}")


def _takes_too_long() -> InvalidVideo:
    return InvalidVideo("Looking into this video takes too long.")
