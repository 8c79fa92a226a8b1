"""Archives of files that are read once, one after another (POSIX.1-2001, "pax")."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from bentos.common.errors import ConfigurationError
from deploy.local.backup.sealing import BLOCK

END = bytes(2 * tarfile.BLOCKSIZE)


def header(name: str, size: int) -> bytes:
    """What stands before a file."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info.tobuf(tarfile.PAX_FORMAT)


def padding(size: int) -> bytes:
    """What follows it."""
    return bytes(-size % tarfile.BLOCKSIZE)


def one_file(name: str, file: Path) -> Iterator[bytes]:
    """A file of any size as a member; it may not change meanwhile."""
    size = file.stat().st_size
    yield header(name, size)
    with file.open("rb") as opened:
        while block := opened.read(BLOCK):
            yield block
    yield padding(size)


def members(archive: Path) -> Iterator[tuple[str, Callable[[BinaryIO], None]]]:
    """Names of the files in an archive, and what copies each into a file before the next one is asked for.

    Raises:
        ConfigurationError: It is damaged, or holds something else than files.
    """
    with tarfile.open(archive, mode="r:", bufsize=BLOCK) as opened:
        for member in opened:
            if not member.isreg() or member.name.startswith("/") or ".." in Path(member.name).parts:
                raise ConfigurationError(f"{member.name!r} does not belong into a backup.")
            source = opened.extractfile(member)
            assert source is not None
            yield member.name, partial(shutil.copyfileobj, source)
