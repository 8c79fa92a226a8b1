"""Databases that are yet empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from postgres import PostgresServer
from pydantic import SecretStr

from bentos.common.database import Database
from bentos.common.settings import DatabaseSettings

Opener = Callable[..., Database]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database without tables, of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Opens a database by its address; all are closed at the end."""
    databases: list[Database] = []

    def opening(url: str, timeout_s: float = 10) -> Database:
        databases.append(Database(DatabaseSettings(url=SecretStr(url), pool_size=4, timeout_s=timeout_s)))
        return databases[-1]

    yield opening
    for database in databases:
        database.close()
