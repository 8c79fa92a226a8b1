"""Databases as the command line meets them: by their settings, closed in between."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from sqlalchemy import select

from bentos.common.database import Database
from bentos.common.database.tables import Tenant
from bentos.common.settings import Settings
from bentos.common.tombstones import Tombstones

ROOT = Path(__file__).parents[1]
CONSOLE = Console(quiet=True)


def address_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database)
    try:
        yield database
    finally:
        database.close()


def add(settings: Settings, *names: str) -> None:
    with opened(settings) as database, database.write() as session:
        session.add_all(Tenant(id=uuid.uuid4().hex, name=name) for name in names)


def tenants(settings: Settings) -> set[str]:
    with opened(settings) as database, database.read() as session:
        return set(session.scalars(select(Tenant.name)))


def tombstones(settings: Settings) -> Tombstones:
    return Tombstones(settings.gallery.tombstones)


def nothing(settings: Settings, console: Console) -> None:
    """What comes after a restore, where it does not matter."""


def versions_table(database: Database) -> str:
    """Where a database notes its revisions."""
    return "alembic_version" if database.embedded else "core.alembic_version"
