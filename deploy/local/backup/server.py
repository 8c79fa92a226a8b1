"""Backups of PostgreSQL, with its own programs."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from psycopg2.extensions import make_dsn  # type: ignore[import-untyped]
from sqlalchemy import URL

from bentos.common.database import SCHEMAS, Database
from bentos.common.errors import ConfigurationError, DependencyUnavailable
from deploy.local.backup.sealing import Source
from deploy.local.schema import require_known

MAGIC = b"PGDMP"
REVISION = re.compile(r"^[a-z_]+_\d+$", re.MULTILINE)
TAIL = 5
DUMP = ("--format=custom", "--no-password")
OURS = tuple(f"--schema={schema}" for schema in SCHEMAS)


def save(database: Database, partial: Path) -> None:
    """Dump the project's schemas, as they are at one moment; what else the database holds is not the project's.

    Raises:
        ConfigurationError: ``pg_dump`` is missing.
        DependencyUnavailable: It failed; the message is its own.
    """
    dsn, secret = address(database.url)
    run("pg_dump", [*DUMP, *OURS, "--file", str(partial), "--dbname", dsn], secret)


@contextmanager
def dumped(url: URL, options: Sequence[str]) -> Iterator[Source]:
    """The same as a stream that touches no disk; it is whole where the block ends without a fault.

    Args:
        url: Of the database.
        options: Of ``pg_dump``: which schemas, and the snapshot whose moment the dump is of.

    Raises:
        ConfigurationError: ``pg_dump`` is missing.
        DependencyUnavailable: It failed; the message is its own.
    """
    dsn, secret = address(url)
    program = "pg_dump"
    with tempfile.TemporaryFile("w+", errors="replace") as said, missing_said(program):
        with subprocess.Popen(
            [program, *DUMP, *options, "--dbname", dsn],
            env={**os.environ, **secret},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
        ) as process:
            try:
                assert process.stdout is not None
                yield process.stdout
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            said.seek(0)
            raise _failed(program, said.read())


def load(database: Database, file: Path) -> None:
    """Replace what is in the database by a dump, all or nothing.

    Raises:
        ConfigurationError: It is no backup of this project, or of a newer version; ``pg_restore`` is missing.
        DependencyUnavailable: It failed; the message is its own.
    """
    head = run("pg_restore", ["--data-only", "--table=alembic_version", "--file=-", str(file)], {})
    found = REVISION.findall(head)
    if not found:
        raise ConfigurationError(
            f"{file} is a dump of another program's database, and no backup of this one."
        )
    require_known(found)
    try:
        replace(database.url, file)
    except DependencyUnavailable as error:
        raise DependencyUnavailable(
            f"{error.message} The database is as it was. Where it holds tables that the backup does not know, restore "
            "into an empty one.",
            error.details,
        ) from error


def replace(url: URL, file: Path) -> None:
    """Put what a dump holds in the place of what has the same names, all or nothing, whosever it is.

    Raises:
        ConfigurationError: ``pg_restore`` is missing.
        DependencyUnavailable: It failed; the message is its own.
    """
    dsn, secret = address(url)
    options = ["--clean", "--if-exists", "--single-transaction", "--no-owner", "--no-password"]
    run("pg_restore", [*options, "--dbname", dsn, str(file)], secret)


def address(url: URL) -> tuple[str, dict[str, str]]:
    """Where the database is, for a command line that everybody sees, and the password, for the environment."""
    _, parts = url.get_dialect()().create_connect_args(url)
    password = parts.pop("password", None)
    if "sslpassword" in parts:
        raise ConfigurationError(
            "FACESOCIAL_DATABASE_URL holds sslpassword, which PostgreSQL's programs take on the command line alone: "
            "use a key without one."
        )
    return make_dsn(**parts), {"PGPASSWORD": password} if password else {}


def run(program: str, arguments: list[str], secret: dict[str, str]) -> str:
    """What one of PostgreSQL's programs prints.

    Raises:
        ConfigurationError: It is missing.
        DependencyUnavailable: It failed; the message is its own.
    """
    with missing_said(program):
        done = subprocess.run(
            [program, *arguments],
            env={**os.environ, **secret},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
    if done.returncode:
        raise _failed(program, done.stderr)
    return done.stdout


@contextmanager
def missing_said(program: str) -> Iterator[None]:
    """Where a program cannot be found, say what to install."""
    try:
        yield
    except FileNotFoundError as error:
        if error.filename != program:
            raise
        raise ConfigurationError(
            f"{program} is missing: install PostgreSQL's client programs (Debian: postgresql-client), at least as new "
            "as the server."
        ) from error


def _failed(program: str, said: str) -> DependencyUnavailable:
    lines = said.partition("Command was:")[0].strip().splitlines()[-TAIL:]
    return DependencyUnavailable(f"{program} failed: {' '.join(lines)}.", {"dependency": "database"})
