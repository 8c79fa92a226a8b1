"""New files that take a name only once they are whole and on the disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bentos.common.errors import ConfigurationError


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
    _to_disk(fresh)
    fresh.replace(target)
    _to_disk(target.parent)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
