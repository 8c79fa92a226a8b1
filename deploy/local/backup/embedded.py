"""Backups of the embedded SQLite file."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pydantic import SecretStr

from bentos.common.database import Database
from bentos.common.database.failures import PRIMARY, unavailable
from bentos.common.database.upgrade import upgrade
from bentos.common.errors import ConfigurationError
from bentos.common.settings import DatabaseSettings
from deploy.local.backup.files import put
from deploy.local.schema import revisions

MAGIC = b"SQLite format 3\0"
OWNER_ONLY = 0o600
LOG_FILES = ("-wal", "-shm")
HOLDER_LIMIT_S = 2.0


def save(database: Database, partial: Path) -> None:
    """Copy the database into a file, as it is at one moment; others read and write on.

    Raises:
        DependencyUnavailable: The database cannot be read.
    """
    with unavailable(database.url), database.engine.connect() as connection:
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        with closing(sqlite3.connect(partial)) as copy:
            source.backup(copy)
    fold(partial)


def load(settings: DatabaseSettings, database: Database, file: Path) -> None:
    """Put a copy of a backup, checked and upgraded, in the place of the database.

    Raises:
        ConfigurationError: It is damaged, no backup of this project, or of a newer version; or another process
            holds the database.
    """
    target = database.file
    database.close()
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=target.parent) as folder:
        fresh = Path(folder) / target.name
        _copy(file, fresh)
        _upgrade(settings, database, fresh)
        fold(fresh)
        put_in_place(fresh, target)


def put_in_place(fresh: Path, target: Path) -> None:
    """Give a database another one's place; both are on one disk.

    Raises:
        ConfigurationError: Another process holds the one that is replaced.
    """
    with _held(target):
        for suffix in LOG_FILES:  # first: with a log of the old one, the new one would be damaged
            Path(f"{target}{suffix}").unlink(missing_ok=True)
        put(fresh, target)


def _copy(file: Path, fresh: Path) -> None:
    log = Path(f"{file}-wal")
    if log.exists() and log.stat().st_size:
        raise ConfigurationError(
            f"{file} is a database in use and no backup: what was written last is in {log}. "
            "`facesocial db backup` makes one."
        )
    shutil.copyfile(file, fresh)
    fresh.chmod(OWNER_ONLY)
    try:
        with closing(sqlite3.connect(fresh)) as copy:
            (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found == "ok" and fresh.stat().st_size < _size_by_header(fresh):
        found = "its end is missing"  # unnoticed where only a page that is not in use lies there
    if found != "ok":
        raise ConfigurationError(f"{file} is damaged: {found}.")


def _size_by_header(file: Path) -> int:
    """Bytes by page size and count (https://www.sqlite.org/fileformat.html, section 1.3); 0 where the count is old."""
    with file.open("rb") as opened:
        head = opened.read(100)
    size = int.from_bytes(head[16:18])
    count_holds = head[24:28] == head[92:96]
    return (65_536 if size == 1 else size) * int.from_bytes(head[28:32]) if count_holds else 0


def _upgrade(settings: DatabaseSettings, database: Database, fresh: Path) -> None:
    url = database.url.set(database=str(fresh)).render_as_string(hide_password=False)
    copy = Database(settings.model_copy(update={"url": SecretStr(url)}))
    try:
        if not revisions(copy):
            raise ConfigurationError("That is a database of another program, and no backup of this one.")
        upgrade(copy)
    finally:
        copy.close()


def fold(file: Path) -> None:
    """Bring everything into the file itself, so that it can be moved alone."""
    with closing(sqlite3.connect(file, timeout=HOLDER_LIMIT_S)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def _held(file: Path) -> Iterator[None]:
    """Nobody else has the database open inside the block.

    Raises:
        ConfigurationError: Another process has.
    """
    with closing(sqlite3.connect(file, timeout=HOLDER_LIMIT_S, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE")  # only the last connection may
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & PRIMARY in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise ConfigurationError(f"Another process uses {file}: stop it first.") from error
            # else it is damaged, which is what a backup is for
        yield
