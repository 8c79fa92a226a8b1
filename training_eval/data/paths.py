"""Names out of lists and folders become paths that do not leave the set's folder."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path, PurePosixPath, PureWindowsPath

from training_eval.errors import DataMissing

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".pgm"})
VIDEOS = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm"})


class Root:
    """The folder that all files of a set lie in.

    Args:
        folder: It may be reached by a link; what lies in it may not lead out of it by one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._real = Path(os.path.realpath(folder))

    def file(self, name: str, where: str) -> Path:
        """The file of that name.

        Args:
            name: Relative to the folder, with slashes.
            where: File and line that name it, for the message.

        Raises:
            DataMissing: The name is absolute or holds ``..``, a link leads out of the folder, or there is no file.
        """
        path = self.folder / _plain(name, where)
        try:
            real = Path(os.path.realpath(path, strict=True))
        except (OSError, ValueError) as error:
            raise DataMissing(f"{where}: there is no file {path}.") from error
        if not real.is_relative_to(self._real):
            raise DataMissing(f"{where}: {path} is a link that leads out of {self.folder}.")
        if not real.is_file():
            raise DataMissing(f"{where}: {path} is no file.")
        return path

    def inside(self, path: Path) -> Path:
        """The same for a path that a look into the folder found."""
        return self.file(path.relative_to(self.folder).as_posix(), str(path.parent))


def _plain(name: str, where: str) -> str:
    windows = PureWindowsPath(name)
    if not name.strip() or "\0" in name:
        raise DataMissing(f"{where}: the name of a file is missing.")
    if ".." in windows.parts or windows.drive or windows.root or PurePosixPath(name).is_absolute():
        raise DataMissing(f"{where}: {name!r} leads out of the set's folder.")
    return name


def listed(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """The folder's files with one of the endings, by name; hidden ones are left out.

    Raises:
        DataMissing: The folder cannot be read.
    """
    return [path for path in _entries(folder) if path.suffix.lower() in suffixes]


def subfolders(folder: Path) -> list[Path]:
    """The folder's folders, by name; hidden ones are left out.

    Raises:
        DataMissing: The folder cannot be read.
    """
    return [path for path in _entries(folder) if path.is_dir()]


def _entries(folder: Path) -> list[Path]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise DataMissing(f"{folder} cannot be read: {error.strerror}.") from error
    return [folder / name for name in names if not name.startswith(".")]
