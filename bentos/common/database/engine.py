"""Connections and transactions, on PostgreSQL and on the embedded SQLite file."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    TimeoutError,
)
from sqlalchemy.orm import Session

from bentos.common.database.base import SCHEMAS
from bentos.common.errors import ConfigurationError, DependencyUnavailable
from bentos.common.settings import DatabaseSettings

logger = logging.getLogger(__name__)

WRITES = "writes"
OWNER_ONLY = 0o600


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
        """A transaction that only reads; with ``snapshot`` all of its statements see one state.

        Raises:
            DependencyUnavailable: The database does not answer.
        """
        options = {"isolation_level": "REPEATABLE READ"} if snapshot and not self.embedded else {}
        with self._session(options) as session:
            yield session
            session.rollback()

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

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    @contextmanager
    def _session(self, options: dict[str, Any]) -> Iterator[Session]:
        with unavailable(self.url):
            engine = self.engine.execution_options(**options)
            with Session(engine, expire_on_commit=False) as session:
                yield session


@contextmanager
def unavailable(url: URL) -> Iterator[None]:
    """What the driver says of a database that does not answer, as the project's error."""
    try:
        yield
    except (OperationalError, InterfaceError, TimeoutError) as error:
        raise _no_answer(url, error) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise _no_answer(url, error) from error
        raise


def _no_answer(url: URL, error: Exception) -> DependencyUnavailable:
    logger.error("database: %s", error)
    where = url.host or url.database
    return DependencyUnavailable(f"The database at {where} does not answer.", {"dependency": "database"})


def _url(address: str) -> URL:
    try:
        url = make_url(address)
    except ArgumentError:
        raise ConfigurationError(
            "FACESOCIAL_DATABASE_URL is no address of a database, such as postgresql://USER:PASSWORD@HOST/NAME."
        ) from None
    kind = url.drivername.partition("+")[0]
    if kind in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg2")
    if kind == "sqlite" and url.database and url.database != ":memory:":
        return url
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
            connect_args=arguments,
        )
    except (ImportError, NoSuchModuleError) as error:
        raise ConfigurationError(f"The driver of PostgreSQL is missing: {error}.") from error


def _sqlite(url: URL, settings: DatabaseSettings) -> Engine:
    assert url.database
    path = Path(url.database).expanduser().absolute()
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
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
