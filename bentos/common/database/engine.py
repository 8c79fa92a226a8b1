"""Connections and transactions, on PostgreSQL and on the embedded SQLite file."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session

from bentos.common.database.base import SCHEMAS
from bentos.common.database.failures import unavailable
from bentos.common.errors import ConfigurationError, DependencyUnavailable
from bentos.common.settings import DatabaseSettings

WRITES = "writes"
OWNER_ONLY = 0o600
COMPACT_PAUSES_S = (0.0, 0.1, 0.3, 1.0, 3.0)


class Database:
    """Hands out transactions.

    Args:
        settings: ``postgresql://…`` or ``sqlite:///PATH``.

    Raises:
        ConfigurationError: Another kind of database.
    """

    def __init__(self, settings: DatabaseSettings) -> None:
        self.url = _url(settings.url.get_secret_value())
        self.embedded = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite(self.url, settings) if self.embedded else _postgres(self.url, settings)

    @property
    def file(self) -> Path:
        """The embedded database's file."""
        assert self.embedded
        return Path(str(self.engine.url.database))

    @contextmanager
    def read(self, snapshot: bool = False) -> Iterator[Session]:
        """A transaction that only reads; the database refuses it to write, and it is never committed.

        Args:
            snapshot: All of its statements see one state.

        Raises:
            DependencyUnavailable: The database does not answer.
        """
        options: dict[str, Any] = {} if self.embedded else {"postgresql_readonly": True}
        if snapshot and not self.embedded:
            options["isolation_level"] = "REPEATABLE READ"
        with self._session(options) as session:
            yield session  # closing it undoes whatever the block wrote; rows that it read stay usable

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that is committed at the end of the block, and undone where the block raises.

        Raises:
            DependencyUnavailable: The database does not answer.
        """
        with self._session({WRITES: True}) as session:
            yield session
            session.commit()

    def ping(self) -> None:
        """Raise DependencyUnavailable unless the database answers."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def compact(self) -> None:
        """Give back what deleted rows took, so that nothing of them stays in the database's files.

        Raises:
            DependencyUnavailable: The database does not answer, or somebody reads from it all the time.
        """
        with unavailable(self.url):
            if self.embedded:
                self._empty_log()
                return
            with self.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                connection.exec_driver_sql("SET statement_timeout = 0")
                for schema in SCHEMAS:
                    for table in inspect(connection).get_table_names(schema):
                        connection.exec_driver_sql(f'VACUUM "{schema}"."{table}"')
                connection.invalidate()  # its timeout must not stay off

    def _empty_log(self) -> None:
        """Deleted pages are zeroed (secure_delete); SQLite's log still has them as they were."""
        for pause in COMPACT_PAUSES_S:
            time.sleep(pause)
            connection = self.engine.raw_connection()
            try:
                busy, *_ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                connection.close()
            if not busy:
                return
        raise DependencyUnavailable(
            "The database is being read all the time; what was deleted stays in its log until the next try.",
            {"dependency": "database"},
        )

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    @contextmanager
    def _session(self, options: dict[str, Any]) -> Iterator[Session]:
        with unavailable(self.url):
            engine = self.engine.execution_options(**options)
            with Session(engine, expire_on_commit=False) as session:
                yield session


def _url(address: str) -> URL:
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise ConfigurationError(
            "FACESOCIAL_DATABASE_URL is no address of a database, such as postgresql://USER:PASSWORD@HOST/NAME."
        ) from None
    kind = url.drivername.partition("+")[0]
    if kind in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg2")
    if kind == "sqlite" and url.database and url.database != ":memory:":
        return url.set(drivername="sqlite+pysqlite")
    raise ConfigurationError(f"FACESOCIAL_DATABASE_URL: {kind} is neither postgresql nor a sqlite file.")


def _postgres(url: URL, settings: DatabaseSettings) -> Engine:
    milliseconds = round(settings.timeout_s * 1e3)
    options = f"-c statement_timeout={milliseconds} -c timezone=UTC"
    arguments = {"connect_timeout": max(1, round(settings.timeout_s)), "options": options}
    try:
        return create_engine(
            url,
            pool_size=settings.pool_size,
            pool_timeout=settings.timeout_s,
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",
            hide_parameters=True,
            connect_args=arguments,
        )
    except (ImportError, NoSuchModuleError) as error:
        raise ConfigurationError(f"The driver of PostgreSQL is missing: {error}.") from error


def _sqlite(url: URL, settings: DatabaseSettings) -> Engine:
    assert url.database
    path = Path(url.database).expanduser().absolute()
    if path.is_dir():
        raise ConfigurationError(f"The database file {path} is a folder.")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=OWNER_ONLY)
    except OSError as error:
        raise ConfigurationError(f"The database file {path} cannot be written: {error.strerror}.") from error
    engine = create_engine(
        url.set(database=str(path)),
        pool_size=settings.pool_size,
        pool_timeout=settings.timeout_s,
        connect_args={"timeout": settings.timeout_s},
        hide_parameters=True,
        execution_options={"schema_translate_map": dict.fromkeys(SCHEMAS)},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # transactions begin where _begin says so, not where the driver guesses
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """A writer takes the lock at once: one that reads first and then writes would fail beside another."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
