"""The folder with all backups."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from bentos.common.errors import ConfigurationError
from deploy.local.backup.files import on_disk, to_disk
from deploy.local.backup.manifest import Manifest
from deploy.local.backup.sealing import digest_of_file

ID = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-[0-9a-f]{8}")
LATEST = "latest"
STAMP = "%Y-%m-%dT%H-%M-%SZ"
PARTIAL = ".partial-"
GOING = ".going-"
OWNER_ONLY = 0o600
FOLDER_OWNER_ONLY = 0o700


@dataclass(frozen=True, slots=True)
class Entry:
    """A backup, by its folder; ``fault`` says why it has no manifest, or that parts are missing."""

    path: Path
    manifest: Manifest | None
    fault: str | None

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def at(self) -> datetime:
        """When it was begun."""
        return datetime.strptime(self.id.rpartition("-")[0], STAMP).replace(tzinfo=UTC)

    def whole(self) -> Manifest:
        """Its manifest.

        Raises:
            ConfigurationError: It has none that can be used, or parts are missing.
        """
        if self.manifest is None or self.fault is not None:
            raise ConfigurationError(self.fault or f"{self.id} is no backup.")
        return self.manifest

    def damage(self) -> str | None:
        """What is wrong with it, as far as it can be known without a key: every byte is read."""
        if self.manifest is None or self.fault is not None:
            return self.fault
        for part in self.manifest.parts:
            if digest_of_file(self.path / part.file) != part.sha256:
                return f"{part.file} of {self.id} is not what the manifest says"
        return None


class Shelf:
    """Backups in one folder, which several machines may share; the newest is ``latest``.

    Args:
        folder: Made when the first backup is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def entries(self) -> list[Entry]:
        """All of them, the newest first."""
        with on_disk():
            if not self.folder.is_dir():
                return []
            names = sorted(
                (one.name for one in self.folder.iterdir() if ID.fullmatch(one.name)), reverse=True
            )
            return [_entry(self.folder / name) for name in names]

    def find(self, which: str) -> Entry:
        """A backup by its name; ``latest`` is the newest one that is not seen to be damaged.

        Raises:
            ConfigurationError: There is none.
        """
        if which == LATEST:
            good = (entry for entry in self.entries() if entry.fault is None)
            if (found := next(good, None)) is None:
                raise ConfigurationError(f"There is no backup in {self.folder}.")
            return found
        if not ID.fullmatch(which) or not (self.folder / which).is_dir():
            raise ConfigurationError(f"There is no backup {which} in {self.folder}.")
        return _entry(self.folder / which)

    @contextmanager
    def held(self, purpose: str = "backup") -> Iterator[None]:
        """One process at a time inside the block; what a killed one left is cleared away first.

        Raises:
            ConfigurationError: Another process is inside.
        """
        with on_disk():
            self.folder.mkdir(mode=FOLDER_OWNER_ONLY, parents=True, exist_ok=True)
        lock = FileLock(self.folder / f".{purpose}.lock", timeout=0, mode=OWNER_ONLY)
        try:
            lock.acquire()
        except Timeout:
            raise ConfigurationError(
                f"Another process works on the backups in {self.folder}; try again when it is done."
            ) from None
        except OSError as error:
            raise ConfigurationError(f"{self.folder} cannot be written: {error.strerror}.") from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def fresh(self, at: datetime) -> Iterator[Path]:
        """A hidden folder that takes its name, a new backup's, at the end of the block; call it ``held``."""
        self._clear()
        name = f"{at.astimezone(UTC):{STAMP}}-{secrets.token_hex(4)}"
        partial = self.folder / f"{PARTIAL}{name}"
        partial.mkdir(mode=FOLDER_OWNER_ONLY)
        try:
            yield partial
            to_disk(partial)
            partial.rename(self.folder / name)
            to_disk(self.folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def remove(self, entry: Entry) -> None:
        """Delete a backup, so that no half of it looks like one; call it ``held``."""
        with on_disk():
            going = self.folder / f"{GOING}{entry.id}"
            entry.path.rename(going)
            to_disk(self.folder)
            shutil.rmtree(going)

    def _clear(self) -> None:
        for pattern in (f"{PARTIAL}*", f"{GOING}*"):
            for left in self.folder.glob(pattern):
                shutil.rmtree(left, ignore_errors=True)


def name_of(partial: Path) -> str:
    """The name that a hidden folder will take."""
    return partial.name.removeprefix(PARTIAL)


def _entry(path: Path) -> Entry:
    try:
        manifest = Manifest.read(path)
    except ConfigurationError as error:
        return Entry(path, None, error.message)
    for part in manifest.parts:
        if not _has_size(path / part.file, part.size):
            return Entry(path, manifest, f"{part.file} of {path.name} is missing, or not of its size.")
    return Entry(path, manifest, None)


def _has_size(file: Path, size: int) -> bool:
    try:
        return file.stat().st_size == size
    except OSError:
        return False
