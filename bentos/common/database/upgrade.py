"""Brings a database to the tables that this program expects; safe to call from many processes at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from filelock import FileLock, Timeout
from sqlalchemy import Connection, MetaData, text

from bentos.common.database.engine import WRITES, Database
from bentos.common.database.failures import unavailable
from bentos.common.errors import ConfigurationError, DependencyUnavailable

logger = logging.getLogger(__name__)

SCRIPTS = Path(__file__).with_name("migrations")
LOCK_KEY = 0x46616365
"""Of PostgreSQL's advisory lock; any number that nobody else uses."""
LOCK_LIMIT_S = 120


def upgrade(database: Database) -> list[str]:
    """Run the migrations that are missing, one process at a time.

    Returns:
        The revisions that the database is at.

    Raises:
        ConfigurationError: The database was upgraded by a newer version of this program.
        DependencyUnavailable: It does not answer, or another process holds the lock for too long.
    """
    with unavailable(database.url), _alone(database) as connection:
        config = config_for(connection)
        before = current(connection)
        try:
            for target in ("core@head", "heads"):  # the others refer to tenants
                command.upgrade(config, target)
        except CommandError as error:
            raise ConfigurationError(
                f"The database is not one that this version knows ({error}): install the version that upgraded it, "
                "or restore a backup made before."
            ) from error
        after = current(connection)
        if before != after:
            logger.info("database upgraded to %s", ", ".join(after))
        return after


def current(connection: Connection) -> list[str]:
    """The revisions that a database is at, one a schema."""
    options = {"version_table_schema": version_schema(connection)}
    return sorted(MigrationContext.configure(connection, opts=options).get_current_heads())


def version_schema(connection: Connection) -> str | None:
    """Where Alembic notes revisions: with the project's other tables, so that a backup of its schemas is whole."""
    return None if connection.dialect.name == "sqlite" else "core"


def wanted() -> list[str]:
    """The newest revisions that this program knows."""
    return sorted(ScriptDirectory.from_config(config_for(None)).get_heads())


def config_for(connection: Connection | None, metadata: MetaData | None = None) -> Config:
    """Alembic's configuration; ``metadata`` is what a check compares the database with."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("version_locations", str(SCRIPTS / "versions").replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("recursive_version_locations", "true")
    config.attributes.update(connection=connection, metadata=metadata)
    return config


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    lock = _file_lock(database) if database.embedded else _advisory_lock(database)
    with lock as connection:
        yield connection


@contextmanager
def _file_lock(database: Database) -> Iterator[Connection]:
    lock = FileLock(f"{database.engine.url.database}.lock", timeout=LOCK_LIMIT_S, mode=0o600)
    try:
        with lock, database.engine.execution_options(**{WRITES: True}).begin() as connection:
            yield connection
    except Timeout as error:
        raise _busy() from error


@contextmanager
def _advisory_lock(database: Database) -> Iterator[Connection]:
    """Held by the transaction of the migrations themselves: PostgreSQL undoes them whole where one fails."""
    with database.engine.begin() as connection:
        connection.execute(text(f"SET LOCAL statement_timeout = '{LOCK_LIMIT_S}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        yield connection


def _busy() -> DependencyUnavailable:
    return DependencyUnavailable(
        f"Another process upgrades the database since {LOCK_LIMIT_S} s.", {"dependency": "database"}
    )
