"""One attempt at a job, from outside: a child process that decodes and judges, and is never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import IO

from bentos.common.errors import DependencyUnavailable
from bentos.deepfake_detection.settings import environment_of_analysis

POLL_S = 0.2
ASK_S = 2.0
STOP_S = 3.0
TAIL_LINES = 5
MAX_LINE = 300
MAX_READ = 8192


class ExitCode(IntEnum):
    """What the child's exit says; anything else, or a signal, is a crash."""

    DONE = 0
    FAULT = 3
    LOST = 4


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended.

    Attributes:
        crash: Why the job has to be given back; None where nothing is left to say of it.
        stopped: Nobody's fault: the worker was told to end.
    """

    crash: str | None = None
    stopped: bool = False


def analyse_command(job_id: str, owner: str) -> Sequence[str]:
    """The process that analyses."""
    return (sys.executable, "-m", "bentos.deepfake_detection.video.analyse", job_id, owner)


@dataclass(frozen=True, slots=True)
class Supervision:
    """Starts a child for a job and waits for its end, or brings it about.

    Attributes:
        limit_s: Longest run.
        stall_s: Longest time without progress; a child that hangs may well renew its lease.
        progress: Of a job in an owner's hands; None where it is the owner's no more. May raise DependencyUnavailable:
            nobody can say, so the child goes on.
        stopping: Whether the worker has to end.
        command: The child, for a job and its owner. It ends by itself when its standard input ends.
    """

    limit_s: float
    stall_s: float
    progress: Callable[[str, str], float | None]
    stopping: Callable[[], bool]
    command: Callable[[str, str], Sequence[str]] = analyse_command

    def run(self, job_id: str, owner: str) -> Ending:
        """One attempt; when it returns no child is left."""
        child = subprocess.Popen(  # noqa: S603
            self.command(job_id, owner),
            env=environment_of_analysis(),
            stdin=subprocess.PIPE,  # its end, however this process ends, ends the child
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal is for the worker, which gives the job back
        )
        try:
            tail = _Tail(child)
            return self._wait(child, job_id, owner) or _said(child.returncode, tail)
        finally:
            _end(child)

    def _wait(self, child: subprocess.Popen[bytes], job_id: str, owner: str) -> Ending | None:
        """None where the child ended by itself."""
        begun = moved = asked = time.monotonic()
        known = -1.0
        while not _over(child):
            at = time.monotonic()
            if self.stopping():
                return Ending("the worker was stopped", stopped=True)
            if at - begun > self.limit_s:
                return Ending(f"it took longer than {self.limit_s:g} s")
            if at - moved > self.stall_s:
                return Ending(f"it made no progress for {self.stall_s:g} s")
            if at - asked > ASK_S:
                asked = at
                with suppress(DependencyUnavailable):
                    progress = self.progress(job_id, owner)
                    if progress is None:
                        return Ending()
                    if progress > known:
                        known, moved = progress, at
        return None


class _Tail:
    """Passes on what a child says, and keeps the end of it."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stderr is not None
        self._lines: deque[str] = deque(maxlen=TAIL_LINES)
        self._thread = threading.Thread(target=self._read, args=(child.stderr,), daemon=True)
        self._thread.start()

    def text(self) -> str:
        """The last lines."""
        self._thread.join(STOP_S)
        return "\n".join(self._lines)

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            while line := pipe.readline(MAX_READ):
                text = line.decode("utf-8", "replace").rstrip()
                if text:
                    self._lines.append(text[:MAX_LINE])
                    with suppress(OSError):  # nobody reads here; the child must not wait for that
                        print(text, file=sys.stderr, flush=True)


def _said(code: int, tail: _Tail) -> Ending:
    if code in tuple(ExitCode):
        return Ending()
    how = f"ended with {code}" if code >= 0 else f"was ended by signal {-code} ({signal.strsignal(-code)})"
    return Ending(f"the analysis {how}: {tail.text()}".rstrip(": \n"))


def _over(child: subprocess.Popen[bytes]) -> bool:
    try:
        child.wait(POLL_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask a child to end, and after a while end it with all that it started."""
    assert child.stdin is not None
    child.stdin.close()
    if child.poll() is None:
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(STOP_S)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
