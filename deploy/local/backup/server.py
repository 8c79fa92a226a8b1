"""Backups of PostgreSQL, with its own programs."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from psycopg2.extensions import make_dsn  # type: ignore[import-untyped]

from bentos.common.database import SCHEMAS, Database
from bentos.common.errors import ConfigurationError, DependencyUnavailable
from deploy.local.schema import require_known

MAGIC = b"PGDMP"
REVISION = re.compile(r"^[a-z_]+_\d+$", re.MULTILINE)
TAIL = 5


def save(database: Database, partial: Path) -> None:
    """Dump the project's schemas, as they are at one moment; what else the database holds is not the project's.

    Raises:
        ConfigurationError: ``pg_dump`` is missing.
        DependencyUnavailable: It failed; the message is its own.
    """
    dsn, secret = _address(database)
    ours = [f"--schema={schema}" for schema in SCHEMAS]
    options = ["--format=custom", "--no-password", *ours, "--file", str(partial), "--dbname", dsn]
    _run("pg_dump", options, secret)


def load(database: Database, file: Path) -> None:
    """Replace what is in the database by a dump, all or nothing.

    Raises:
        ConfigurationError: It is no backup of this project, or of a newer version; ``pg_restore`` is missing.
        DependencyUnavailable: It failed; the message is its own.
    """
    head = _run("pg_restore", ["--data-only", "--table=alembic_version", "--file=-", str(file)], {})
    found = REVISION.findall(head)
    if not found:
        raise ConfigurationError(
            f"{file} is a dump of another program's database, and no backup of this one."
        )
    require_known(found)
    dsn, secret = _address(database)
    options = ["--clean", "--if-exists", "--single-transaction", "--no-owner", "--no-password"]
    try:
        _run("pg_restore", [*options, "--dbname", dsn, str(file)], secret)
    except DependencyUnavailable as error:
        raise DependencyUnavailable(
            f"{error.message} The database is as it was. Where it holds tables that the backup does not know, restore "
            "into an empty one.",
            error.details,
        ) from error


def _address(database: Database) -> tuple[str, dict[str, str]]:
    """Where the database is, for a command line that everybody sees, and the password, for the environment."""
    _, parts = database.engine.dialect.create_connect_args(database.url)
    password = parts.pop("password", None)
    if "sslpassword" in parts:
        raise ConfigurationError(
            "FACESOCIAL_DATABASE_URL holds sslpassword, which PostgreSQL's programs take on the command line alone: "
            "use a key without one."
        )
    return make_dsn(**parts), {"PGPASSWORD": password} if password else {}


def _run(program: str, arguments: list[str], secret: dict[str, str]) -> str:
    try:
        done = subprocess.run(
            [program, *arguments],
            env={**os.environ, **secret},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"{program} is missing: install PostgreSQL's client programs (Debian: postgresql-client), at least as new "
            "as the server."
        ) from error
    if done.returncode:
        lines = done.stderr.partition("Command was:")[0].strip().splitlines()[-TAIL:]
        raise DependencyUnavailable(f"{program} failed: {' '.join(lines)}.", {"dependency": "database"})
    return done.stdout
