"""New files that take a name only once they are whole and on the disk."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bentos.common.errors import ConfigurationError, DependencyUnavailable

SCRATCH = ".backup-"
FOLDER_OWNER_ONLY = 0o700


@contextmanager
def written(file: Path) -> Iterator[Path]:
    """A file beside ``file``, for its owner alone, that takes its name at the end of the block.

    Raises:
        ConfigurationError: ``file`` exists, or cannot be written.
    """
    if file.exists():
        raise ConfigurationError(f"{file} exists already; a backup never takes another's place.")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}.") from error
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        put(partial, file)
    finally:
        partial.unlink(missing_ok=True)


def put(fresh: Path, target: Path) -> None:
    """Give a file another's place, so that a power cut leaves one of the two, whole."""
    to_disk(fresh)
    fresh.replace(target)
    to_disk(target.parent)


def to_disk(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def on_disk() -> Iterator[None]:
    """What a disk says against the block, such as that it is full, in the project's words."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise DependencyUnavailable(f"The disk says: {why}.", {"dependency": "disk"}) from error


@contextmanager
def scratch(parent: Path, purpose: str) -> Iterator[Path]:
    """A folder for plaintext, for its owner alone, gone at the end of the block.

    What a killed process left is removed first: no other one may be at work for this purpose.

    Raises:
        DependencyUnavailable: It cannot be made.
    """
    with on_disk():
        parent.mkdir(mode=FOLDER_OWNER_ONLY, parents=True, exist_ok=True)
        for left in parent.glob(f"{SCRATCH}{purpose}-*"):
            shutil.rmtree(left, ignore_errors=True)
        folder = tempfile.mkdtemp(prefix=f"{SCRATCH}{purpose}-", dir=parent)  # 0700
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
