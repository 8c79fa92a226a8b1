"""Pictures of a folder on the machine that the workbench runs on."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from workbench.runs.entry import Entry, SourceUnreadable
from workbench.runs.pictures import MOST_BYTES

MOST_FILES = 100_000


def readable_folder(text: str, roots: Sequence[Path]) -> Path:
    """The folder that somebody typed.

    Args:
        text: Its path.
        roots: Folders below which it has to lie, links followed.

    Raises:
        SourceUnreadable: It is no folder, or lies elsewhere.
    """
    try:
        folder = Path(text).expanduser().resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise SourceUnreadable(f"There is no folder {text} on the machine of the workbench.") from None
    if not any(folder.is_relative_to(root.resolve()) for root in roots):
        raise SourceUnreadable(f"{folder} is not below a folder that the workbench may read.")
    if not folder.is_dir():
        raise SourceUnreadable(f"{folder} is no folder.")
    return folder


def folder_entries(folder: Path) -> Iterator[Entry]:
    """Every file of the folder and of those in it, by name; links are followed only where they stay inside.

    Raises:
        SourceUnreadable: The folder is gone, or holds more files than a run takes.
    """
    if not folder.is_dir():
        raise SourceUnreadable(f"{folder} is not there any more.")
    for count, path in enumerate(_files(folder), 1):
        if count > MOST_FILES:
            raise SourceUnreadable(f"{folder} holds more than {MOST_FILES:,} files; take a folder in it.")
        yield _entry(folder, path)


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(place, name) for name in sorted(names))


def _entry(folder: Path, path: Path) -> Entry:
    name = os.fsencode(path.relative_to(folder)).decode(errors="replace")
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(folder.resolve()):
            return Entry(name, reason="A link that leads out of the folder")
        facts = real.stat()
        if not stat.S_ISREG(facts.st_mode):
            return Entry(name, reason="No plain file")
        if facts.st_size > MOST_BYTES:
            return Entry(name, reason="Larger than 20 MB")
        return Entry(name, real.read_bytes(), path=str(real))
    except (OSError, RuntimeError) as error:
        return Entry(name, reason=f"Cannot be read ({getattr(error, 'strerror', None) or error})")
