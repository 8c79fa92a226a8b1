"""Writing what was rendered."""

from __future__ import annotations

from pathlib import Path

from bentos.common.errors import ConfigurationError


def write_whole(path: Path, text: str) -> None:
    """Write a file so that nobody ever reads half of it.

    Raises:
        ConfigurationError: It cannot be written.
    """
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from error
