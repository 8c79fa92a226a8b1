"""Settings of databases of each kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from databases import address_of
from postgres import PostgresServer
from pydantic import SecretStr

from bentos.common.database import Database
from bentos.common.settings import Settings


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """Of an upgraded database, which nobody holds open."""
    database.close()
    return Settings(state_dir=tmp_path / "state", database_url=SecretStr(address_of(database)))


@pytest.fixture
def elsewhere(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Of an empty database of the same kind, on another machine."""
    if database.embedded:
        url = f"sqlite:///{tmp_path / 'other' / 'facesocial.sqlite'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.url(server.create())
    return Settings(state_dir=tmp_path / "other", database_url=SecretStr(url))
