"""What a check says."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import FaceSocialError


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong: where it stands, and what is wrong with it and how it would be right."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


Check = Callable[[Path], Iterable[Finding]]
"""Looks at a checkout; yields what is wrong, nothing where all is well. May raise ``MissingProgram``."""


class MissingProgram(FaceSocialError):
    """A program that a check needs is not there; the message says which package brings it."""


def program(name: str, package: str) -> str:
    """Where a program is.

    Args:
        name: Of the program.
        package: Debian's, that brings it.

    Raises:
        MissingProgram: It is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise MissingProgram(f"{name} is missing (Debian: apt install {package})")
    return found


def run(
    command: Sequence[str], cwd: Path | None = None, limit_s: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; its output is kept, its exit code is the caller's to judge."""
    return subprocess.run(
        command,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=limit_s,
    )
