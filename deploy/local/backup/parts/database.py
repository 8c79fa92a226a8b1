"""The database: dumped at the very moment at which its rows are counted and hashed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import func, select, text

from bentos.common.database import Database
from bentos.common.database.tables import Tombstone
from bentos.common.errors import ConfigurationError
from bentos.common.settings import DatabaseSettings
from deploy.local.backup import embedded, server
from deploy.local.backup.manifest import Truth
from deploy.local.backup.parts.piece import Piece
from deploy.local.backup.truth import truth_of
from deploy.local.schema import revisions

PATIENT = ("SET LOCAL statement_timeout = 0", "SET LOCAL idle_in_transaction_session_timeout = 0")


@contextmanager
def read(settings: DatabaseSettings, scratch: Path) -> Iterator[tuple[Piece, Truth]]:
    """The dump, and what is in it. PostgreSQL's goes straight on; a copy of the SQLite file lies in ``scratch``.

    Raises:
        ConfigurationError: There is nothing in the database, or ``pg_dump`` is missing.
        DependencyUnavailable: It does not answer, or the dump fails.
    """
    with (
        _opened(settings) as database,
        (_embedded if database.embedded else _server)(settings, database, scratch) as found,
    ):
        yield found


def erased_so_far(settings: DatabaseSettings) -> int:
    """How many faces were erased up to this moment.

    Raises:
        ConfigurationError: There is nothing in the database.
        DependencyUnavailable: It does not answer.
    """
    with _opened(settings) as database, database.read() as session:
        return session.scalar(select(func.count()).select_from(Tombstone)) or 0


@contextmanager
def _opened(settings: DatabaseSettings) -> Iterator[Database]:
    database = Database(settings)
    try:
        if not revisions(database):
            raise ConfigurationError("The database is empty: there is nothing to back up.")
        yield database
    finally:
        database.close()


@contextmanager
def _server(settings: DatabaseSettings, database: Database, scratch: Path) -> Iterator[tuple[Piece, Truth]]:
    with database.read(snapshot=True) as session:
        for setting in PATIENT:
            session.execute(text(setting))
        snapshot = session.scalars(text("SELECT pg_export_snapshot()")).one()
        truth = truth_of(session, database, revisions(database))
        with server.dumped(database.url, [*server.OURS, f"--snapshot={snapshot}"]) as source:
            yield Piece("database", truth.kind, source, dict(truth.counts)), truth


@contextmanager
def _embedded(settings: DatabaseSettings, database: Database, scratch: Path) -> Iterator[tuple[Piece, Truth]]:
    file = scratch / "database"
    embedded.save(database, file)
    truth = measured(settings, file)
    with file.open("rb") as source:
        yield Piece("database", truth.kind, source, dict(truth.counts)), truth
    file.unlink()


def measured(settings: DatabaseSettings, file: Path) -> Truth:
    """What a copy of the SQLite file holds."""
    copy = Database(settings.model_copy(update={"url": SecretStr(f"sqlite:///{file}")}))
    try:
        with copy.read() as session:
            return truth_of(session, copy, revisions(copy))
    finally:
        copy.close()
        embedded.fold(file)
