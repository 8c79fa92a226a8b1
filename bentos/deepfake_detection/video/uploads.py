"""Uploaded videos on disk, each readable by its owner alone and only as long as somebody needs it."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

from bentos.common.errors import DependencyUnavailable, Overloaded, PayloadTooLarge
from bentos.deepfake_detection.video.records import is_job_id

OWNER_ONLY = 0o600
FOLDER_OWNER_ONLY = 0o700
PART = ".part"
"""Ends the name of an upload that is not whole yet."""
FULL_RETRY_S = 60
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Uploads:
    """A folder of videos by the id of their job, 32 hex digits.

    Args:
        folder: Made where it is not there yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, job_id: str) -> Path:
        """Where the whole upload of a job lies, or would lie."""
        if not is_job_id(job_id):
            raise ValueError(f"no id of a job: {job_id!r}")
        return self._folder / job_id

    def begin(self, job_id: str, *, max_bytes: int, min_free_bytes: int) -> PartFile:
        """An empty file for an upload that arrives in pieces.

        Args:
            job_id: Nobody else's.
            max_bytes: What it may grow to.
            min_free_bytes: What it has to leave free on the disk.

        Raises:
            DependencyUnavailable: The folder cannot be written.
            Overloaded: The disk is full.
        """
        return PartFile(self.path(job_id), max_bytes, min_free_bytes)

    def require_space(self, size: int, min_free_bytes: int) -> None:
        """Raise Overloaded unless an upload of ``size`` bytes leaves ``min_free_bytes`` on the disk."""
        with _usable():
            _make(self._folder)
            _require_free(self._folder, size + min_free_bytes)

    def remove(self, job_id: str) -> None:
        """Keep the upload of a job no longer, if it is there.

        Raises:
            DependencyUnavailable: The folder cannot be written.
        """
        path = self.path(job_id)
        with _usable():
            path.unlink(missing_ok=True)
            _part_of(path).unlink(missing_ok=True)

    def orphans(self, in_use: Set[str], older_than_s: float) -> list[str]:
        """Jobs that need no upload any more, or of which nobody knows, and whose upload lies here.

        Args:
            in_use: Jobs whose upload has to stay.
            older_than_s: Seconds since something was last written to it; longer than an upload is probed, because
                its job is not there before.
        """
        limit = time.time() - older_than_s
        return sorted({job_id for job_id, written_at in self._files() if written_at < limit} - in_use)

    def _files(self) -> Iterator[tuple[str, float]]:
        with _usable():
            paths = list(self._folder.iterdir()) if self._folder.is_dir() else []
            for path in paths:
                job_id = path.name.removesuffix(PART)
                if is_job_id(job_id):
                    try:
                        yield job_id, path.stat().st_mtime
                    except FileNotFoundError:  # removed in between
                        continue


class PartFile:
    """An upload while it arrives; ``size`` in bytes and ``sha256`` are those of what was written so far.

    Its methods are called in threads; one that comes while another writes waits.
    """

    def __init__(self, path: Path, max_bytes: int, min_free_bytes: int) -> None:
        self._whole = path
        self._max_bytes = max_bytes
        self._min_free_bytes = min_free_bytes
        self._digest = hashlib.sha256()
        self._turn = threading.Lock()
        self.size = 0
        with _usable():
            _make(path.parent)
            self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        self._open = True

    @property
    def path(self) -> Path:
        """Where it lies until it is kept."""
        return _part_of(self._whole)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, data: memoryview) -> None:
        """Append.

        Raises:
            PayloadTooLarge: It is larger than allowed.
            Overloaded: The disk is full, or nearly so.
            DependencyUnavailable: The file cannot be written.
        """
        with self._turn, _usable():
            if not self._open:
                raise OSError(errno.EBADF, "the upload was given up")
            if self.size + len(data) > self._max_bytes:
                raise _too_large(self._max_bytes)
            _require_free(self._whole.parent, self._min_free_bytes)
            self.size += len(data)
            self._digest.update(data)
            while data:
                data = data[os.write(self._handle, data) :]

    def keep(self) -> None:
        """Put it into its place: it survives a power cut from here on.

        Raises:
            Overloaded: The disk is full.
            DependencyUnavailable: It cannot be written.
        """
        with self._turn, _usable():
            os.fsync(self._handle)
            os.utime(self._handle)  # probing took a while; its age counts from here
            self._close()
            self.path.replace(self._whole)
            folder = os.open(self._whole.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def remove(self) -> None:
        """Leave nothing of it on the disk, whether it was kept or not."""
        with self._turn:
            self._close()
            self.path.unlink(missing_ok=True)
            self._whole.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._open:
            self._open = False
            os.close(self._handle)


def _part_of(path: Path) -> Path:
    return path.with_name(path.name + PART)


def _make(folder: Path) -> None:
    folder.mkdir(mode=FOLDER_OWNER_ONLY, parents=True, exist_ok=True)


def _require_free(folder: Path, wanted: int) -> None:
    if shutil.disk_usage(folder).free < wanted:
        raise _full()


def _full() -> Overloaded:
    return Overloaded("The disk has no room for this video at the moment; try again later.", FULL_RETRY_S)


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The video is larger than {limit:,} bytes.", {"limit_bytes": limit})


@contextmanager
def _usable() -> Iterator[None]:
    """What the disk says, in the project's words."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise _full() from error
        raise DependencyUnavailable(
            f"The folder of uploads cannot be used: {error.strerror}.", {"dependency": "uploads"}
        ) from error
