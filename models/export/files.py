"""What recipes ask of the files that they are given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from models.errors import ModelUnavailable


def only(files: Mapping[str, Path]) -> Path:
    """Return the path of the single weight file.

    Raises:
        ModelUnavailable: There is none or more than one.
    """
    if len(files) != 1:
        raise ModelUnavailable(
            f"The recipe reads one weight file, {len(files)} were given: correct the card."
        )
    return next(iter(files.values()))


def with_suffix(files: Mapping[str, Path], suffix: str) -> Path:
    """Return the path of the one file whose name ends in ``suffix``.

    Raises:
        ModelUnavailable: No such file, or more than one.
    """
    found = [path for name, path in files.items() if name.endswith(suffix)]
    if len(found) != 1:
        raise ModelUnavailable(f"The recipe reads one file named *{suffix}, {len(found)} were given.")
    return found[0]
