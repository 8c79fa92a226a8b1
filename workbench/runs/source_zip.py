"""Pictures of a ZIP file. Nothing is written under a name of the archive's, and nothing is unpacked beyond a limit."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from workbench.runs.entry import Entry, SourceUnreadable
from workbench.runs.pictures import MOST_BYTES

MOST_ENTRIES = 100_000
MOST_UNPACKED = 8 * 1024**3
ENCRYPTED = 0x1
ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")


def zip_entries(path: Path, most_unpacked: int = MOST_UNPACKED) -> Iterator[Entry]:
    """Every file of the archive in its order; folders are none.

    Args:
        path: The archive.
        most_unpacked: Bytes after which the rest is left packed.

    Raises:
        SourceUnreadable: It is no ZIP file, or its list of files is damaged or too long.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if len(infos) > MOST_ENTRIES:
                raise SourceUnreadable(f"The ZIP file holds more than {MOST_ENTRIES:,} files; divide it.")
            left = most_unpacked
            for info in infos:
                entry = _entry(archive, info, left)
                left -= len(entry.data or b"")
                yield entry
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise SourceUnreadable(f"The ZIP file cannot be read: {error}.") from error


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> Entry:
    name = info.filename
    if _leads_out(name):
        return Entry(name, reason="Its path leads out of the archive")
    if info.flag_bits & ENCRYPTED:
        return Entry(name, reason="Encrypted")
    if info.file_size > MOST_BYTES:
        return Entry(name, reason="Larger than 20 MB")
    if info.file_size > left:
        return Entry(name, reason="The archive unpacks to more than a run takes")
    try:
        with archive.open(info) as file:
            data = file.read(MOST_BYTES + 1)  # what the archive says of sizes may be wrong
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError):
        return Entry(name, reason="Damaged, or packed in a way that is not known")
    if len(data) > MOST_BYTES:
        return Entry(name, reason="Larger than 20 MB")
    if data.startswith(ARCHIVES):
        return Entry(name, reason="An archive in the archive is not opened")
    return Entry(name, data)


def _leads_out(name: str) -> bool:
    windows = PureWindowsPath(name)
    return ".." in windows.parts or bool(windows.drive or windows.root) or PurePosixPath(name).is_absolute()
