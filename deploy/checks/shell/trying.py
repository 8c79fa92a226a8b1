"""Asking scripts for their help, and running them dry, on a machine that has next to nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.checks.finding import Finding

PROGRAMS = ("bash", "cat", "env", "grep")
"""All that a dry run may use; above all no docker, kubectl and Python."""
LIMIT_S = 30
COMPOSE = ("--target", "compose")
KUBERNETES = tuple(("--target", "kubernetes", "--overlay", name) for name in ("staging", "production"))
WHO = ("--", "--gateway", "https://faces.example.org", "--token-file", "token")
PLACES: tuple[tuple[str, ...], ...] = (COMPOSE, *KUBERNETES)
DRY_RUNS: dict[str, tuple[tuple[str, ...], ...]] = {
    "build": ((), ("--gpu", "--registry", "registry.example.org", "--push")),
    "migrate": PLACES,
    "deploy": PLACES,
    "smoke": tuple((*place, *WHO) for place in PLACES),
    "rollback": tuple((*place, "--to", "0.0.1") for place in PLACES),
    "release": tuple((*place, *WHO) for place in PLACES),
}
"""What a release may run, by the name of its script."""


def answers_help(root: Path, script: Path) -> Iterator[Finding]:
    """A script that people run says what it does."""
    done = _tried(script, "--help")
    where = str(script.relative_to(root))
    if done.returncode or not done.stdout.lower().startswith("usage:"):
        yield Finding(where, f"--help says no usage (exit code {done.returncode}) {_last(done.stderr)}")


def runs_dry(root: Path, script: Path) -> Iterator[Finding]:
    """A dry run says commands and needs no program for it; nothing is written."""
    before = (root / ".releases").exists()
    for arguments in DRY_RUNS.get(script.name, ()):
        done = _tried(script, "--dry-run", *arguments)
        where = f"{script.relative_to(root)} --dry-run {' '.join(arguments)}".rstrip()
        if done.returncode or done.stderr:
            yield Finding(
                where, f"exit code {done.returncode} without docker and kubectl: {_last(done.stderr)}"
            )
        elif not any(line.startswith("+ ") for line in done.stdout.splitlines()):
            yield Finding(where, "says no command")
    if not before and (root / ".releases").exists():
        yield Finding(str(script.relative_to(root)), "a dry run writes to .releases")


def _tried(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    with _bare() as folder:
        return _ended([str(script), *arguments], folder)


def _ended(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env={"PATH": str(folder), "HOME": str(folder), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, 126, "", str(error))
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"still running after {LIMIT_S} s")


@contextmanager
def _bare() -> Iterator[Path]:
    """A folder with these programs and nothing else."""
    with tempfile.TemporaryDirectory(prefix="facesocial-bare-") as name:
        for program in PROGRAMS:
            if found := shutil.which(program):
                os.symlink(found, Path(name) / program)
        yield Path(name)


def _last(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else ""
