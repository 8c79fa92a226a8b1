"""The list of erased faces outside of the database, so that an older backup of it brings nobody back."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout
from sqlalchemy import select
from sqlalchemy.orm import Session

from bentos.common.database import now
from bentos.common.database.conflicts import upsert
from bentos.common.database.tables import Tombstone
from bentos.common.errors import ConfigurationError, DependencyUnavailable

OWNER_ONLY = 0o600
FOLDER_OWNER_ONLY = 0o700
LOCK_LIMIT_S = 30
POLL_S = 0.01
BLOCK = 4096
DAMAGE = (ValueError, TypeError, KeyError, RecursionError)
_ID = re.compile(r"[0-9a-f]{32}")


class Tombstones:
    """A file to which processes append, one line a face: ``{"id": "…", "erased_at": "…"}``; it holds nothing else.

    What ``add`` has returned from is on the disk. A line that a crash cut off was promised to nobody: it is read
    over, and the next ``add`` takes its place.

    Args:
        path: Made at the first ``add``, for its owner alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, ids: Sequence[str]) -> None:
        """Note faces, by their rows' ids, as erased now; returns once they are on the disk.

        Raises:
            DependencyUnavailable: The file cannot be written, or another process holds it for too long.
        """
        at = now()
        self._append(dict.fromkeys(ids, at))

    def ids(self) -> set[str]:
        """All faces that were erased.

        Raises:
            ConfigurationError: A line is damaged otherwise than by a crash; the message names file and line.
            DependencyUnavailable: The file cannot be read.
        """
        return set(self._read())

    def missing_from(self, session: Session) -> list[str]:
        """The erased faces of which a database does not know, as after an older one was restored.

        Raises:
            ConfigurationError: As ``ids``.
            DependencyUnavailable: As ``ids``.
        """
        return sorted(self.ids().difference(session.scalars(select(Tombstone.id))))

    def sync(self, session: Session) -> None:
        """Bring file and table to hold the same faces, whichever of them is older.

        Raises:
            ConfigurationError: As ``ids``.
            DependencyUnavailable: The file cannot be read or written.
        """
        filed = self._read()
        known = dict(session.execute(select(Tombstone.id, Tombstone.erased_at)).all())
        rows = [{"id": one, "erased_at": filed[one]} for one in sorted(filed.keys() - known.keys())]
        if rows:
            session.execute(upsert(session, Tombstone).on_conflict_do_nothing(), rows)
        self._append({one: known[one] for one in sorted(known.keys() - filed.keys())})

    def _append(self, erased: Mapping[str, datetime]) -> None:
        if not erased:
            return
        if wrong := [one for one in erased if not _ID.fullmatch(one)]:
            raise ValueError(f"no id of a face's row: {wrong[0]!r}")
        lines = "".join(_line(one, at) for one, at in erased.items())
        with self._held(), _opened(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as file:
            _write(file, _mend(file) + lines.encode())
            with _opened(self.path.parent, os.O_RDONLY) as folder:
                os.fsync(folder)  # the file's name, where it is new

    def _read(self) -> dict[str, datetime]:
        with self._held():
            try:
                with self.path.open("rb") as file:
                    return dict(self._records(file))
            except FileNotFoundError:
                return {}

    def _records(self, file: BinaryIO) -> Iterator[tuple[str, datetime]]:
        for number, line in enumerate(file, 1):
            try:
                yield _record(line)
            except DAMAGE as error:
                if not line.endswith(b"\n"):
                    return  # cut off by a crash
                raise ConfigurationError(
                    f"The list of erased faces is damaged: {self.path}, line {number}, is not one of its lines. "
                    "Take it from a copy; without it, a restored backup may bring erased faces back."
                ) from error

    @contextmanager
    def _held(self) -> Iterator[None]:
        """One process at a time; whatever the disk says against it, in the project's words."""
        lock = FileLock(f"{self.path}.lock", timeout=LOCK_LIMIT_S, poll_interval=POLL_S, mode=OWNER_ONLY)
        try:
            self.path.parent.mkdir(mode=FOLDER_OWNER_ONLY, parents=True, exist_ok=True)
            with lock:
                yield
        except Timeout as error:
            raise self._unavailable(f"another process holds it since {LOCK_LIMIT_S} s") from error
        except OSError as error:
            raise self._unavailable(error.strerror or str(error)) from error

    def _unavailable(self, why: str) -> DependencyUnavailable:
        return DependencyUnavailable(
            f"The list of erased faces, {self.path}, cannot be used: {why}.", {"dependency": "tombstones"}
        )


def _line(face: str, at: datetime) -> str:
    return json.dumps({"id": face, "erased_at": at.isoformat()}) + "\n"


def _record(line: bytes) -> tuple[str, datetime]:
    found = json.loads(line)
    face, at = found["id"], datetime.fromisoformat(found["erased_at"])
    if not _ID.fullmatch(face) or at.tzinfo is None or len(found) != 2:
        raise ValueError("not a face")
    return face, at


@contextmanager
def _opened(path: Path, how: int) -> Iterator[int]:
    handle = os.open(path, how, OWNER_ONLY)
    try:
        yield handle
    finally:
        os.close(handle)


def _write(file: int, lines: bytes) -> None:
    while lines:  # once, unless the disk is full, which the second try says
        lines = lines[os.write(file, lines) :]
    os.fsync(file)


def _mend(file: int) -> bytes:
    """Cut away a line that a crash cut off; what has to stand before a new line."""
    end = os.fstat(file).st_size
    tail = _tail(file, end)
    try:
        if tail:
            _record(tail)
    except DAMAGE:
        os.ftruncate(file, end - len(tail))
        return b""
    return b"\n" if tail else b""  # whole but for its end, as an editor may leave it


def _tail(file: int, end: int) -> bytes:
    """What stands behind the last end of a line."""
    tail = b""
    while end > 0 and b"\n" not in tail:
        start = max(0, end - BLOCK)
        tail = os.pread(file, end - start, start) + tail
        end = start
    return tail.rpartition(b"\n")[2]
