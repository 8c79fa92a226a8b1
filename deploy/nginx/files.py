"""Writing files that are whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

from bentos.common.errors import ConfigurationError

BY_UMASK = 0o666


def write_whole(path: Path, content: str | bytes, mode: int = BY_UMASK) -> None:
    """Write a file so that nobody ever reads half of it, nor for a moment who may not read it at all.

    Raises:
        ConfigurationError: It cannot be written.
    """
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from error
