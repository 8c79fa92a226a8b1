"""The project's command that moves aliases: judged by its gate, written into its audit chain.

It runs as a process of its own that a page which is closed does not end: a change that has begun goes on to its end.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workbench.registry.model import NUMBER, TASKS

PROMOTE, ROLLBACK, CHALLENGE, NOBODY = "promote", "rollback", "challenge", "challenge nobody"
NAMING = frozenset({PROMOTE, CHALLENGE})
"""Deeds that name a version."""
DONE, REFUSED = 0, 1
LINES = 2000
LINE = 2000
LIMIT_S = 1800.0
"""Loading a bundle and judging it takes seconds; this is when nobody waits any more."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What is to be done.

    Raises:
        ValueError: The deed, the task or the version is none.
    """

    action: str
    task: str
    version: int | None = None

    def __post_init__(self) -> None:
        if self.action not in (*NAMING, ROLLBACK, NOBODY):
            raise ValueError(f"{self.action!r} is nothing that can be done")
        if self.task not in TASKS:
            raise ValueError(f"{self.task!r} is no task")
        if (self.version is not None) != (self.action in NAMING):
            raise ValueError(f"{self.action} and a version do not fit")
        if self.version is not None and NUMBER.fullmatch(str(self.version)) is None:
            raise ValueError(f"{self.version!r} is no version")

    @property
    def arguments(self) -> list[str]:
        """Behind the command."""
        if self.action == NOBODY:
            return [CHALLENGE, self.task, "--none"]
        return [self.action, self.task, *([] if self.version is None else [str(self.version)])]


def found(words: Sequence[str]) -> list[str] | None:
    """The command with the place of its program, looked for beside this Python too; None where it is missing."""
    if not words:
        return None
    program = shutil.which(words[0]) or shutil.which(words[0], path=str(Path(sys.executable).parent))
    return None if program is None else [program, *words[1:]]


class Running:
    """A command that was started.

    Args:
        command: As ``found`` gave it.
        deed: What it is to do.
        environment: All of its variables.
    """

    def __init__(self, command: Sequence[str], deed: Deed, environment: Mapping[str, str]) -> None:
        self.deed = deed
        self.words = [*command, *deed.arguments]
        self.code: int | None = None
        self._lines: list[str] = []
        self._process = subprocess.Popen(  # noqa: S603  # a list, no shell; task and version were looked at
            self.words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=dict(environment),
        )
        self._thread = threading.Thread(target=self._follow, name="model command", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        return self.code is not None

    @property
    def output(self) -> str:
        """What it has said so far, its first lines where that is too much."""
        return "".join(self._lines)

    def wait(self, seconds: float) -> int | None:
        """Its exit code, as soon as it ends; None if it has not by then."""
        self._thread.join(seconds)
        return self.code

    def _follow(self) -> None:
        limit = threading.Timer(LIMIT_S, self._process.kill)
        limit.daemon = True
        limit.start()
        assert self._process.stdout is not None
        try:
            self._read(self._process.stdout)
        finally:
            code = self._process.wait()
            limit.cancel()
            self.code = code

    def _read(self, stream: IO[str]) -> None:
        with stream:
            while line := stream.readline(LINE):
                if len(self._lines) < LINES:
                    self._lines.append(line)
