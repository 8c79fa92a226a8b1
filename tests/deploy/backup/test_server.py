"""Backups of PostgreSQL: its programs, its password."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import CONSOLE, add, nothing, opened, tenants
from postgres import PostgresServer
from pydantic import SecretStr
from sqlalchemy import text

from bentos.common.errors import ConfigurationError, DependencyUnavailable
from bentos.common.settings import Settings
from deploy.local.backup import restore, save


@pytest.fixture
def server_settings(postgres: PostgresServer, upgraded: str, tmp_path: Path) -> Iterator[Settings]:
    name = postgres.create(upgraded)
    yield Settings(state_dir=tmp_path / "state", database_url=SecretStr(postgres.url(name)))
    postgres.drop(name)


def test_a_secret_is_on_no_command_line(
    server_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs in PostgreSQL's place write down what they were given."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("pg_dump", "pg_restore"):
        (programs / name).write_text(
            f'#!/bin/sh\necho "$0 $@" >> {tmp_path}/arguments\necho "$PGPASSWORD" >> {tmp_path}/passwords\n'
            "echo core_0001\n"
        )
        (programs / name).chmod(0o700)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    url = server_settings.database.url.get_secret_value()
    assert "swordfish" in url
    for own, password in (
        (url, "swordfish"),
        (url.replace("swordfish", "sword%40f%2Fish%20%27"), "sword@f/ish '"),
        (url.replace(":swordfish@", "@") + "?password=swordfish&application_name=x%20y", "swordfish"),
    ):
        (tmp_path / "passwords").unlink(missing_ok=True)
        settings = server_settings.model_copy(update={"database_url": SecretStr(own)})
        (tmp_path / "backup").unlink(missing_ok=True)
        save(settings, tmp_path / "backup")
        (tmp_path / "backup").write_bytes(b"PGDMP")
        restore(settings, tmp_path / "backup", CONSOLE, nothing)
        assert (tmp_path / "passwords").read_text().splitlines() == [password, "", password]
    arguments = (tmp_path / "arguments").read_text()
    assert "fish" not in arguments.replace(str(tmp_path), "")
    assert "--format=custom" in arguments
    assert "--clean --if-exists --single-transaction" in arguments


def test_a_restore_that_fails_in_the_middle_changes_nothing(
    server_settings: Settings, tmp_path: Path
) -> None:
    """A table of a newer version refers to one that is replaced."""
    save(server_settings, tmp_path / "backup")
    add(server_settings, "later")
    with opened(server_settings) as database, database.write() as session:
        session.execute(text("CREATE TABLE core.newer (tenant text REFERENCES core.tenants (id))"))
    with pytest.raises(DependencyUnavailable, match=r"core\.newer.*The database is as it was.*an empty one"):
        restore(server_settings, tmp_path / "backup", CONSOLE, nothing)
    assert tenants(server_settings) == {"later"}


def test_a_missing_program_is_said_with_its_package(
    server_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "backup").write_bytes(b"PGDMP")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"pg_restore is missing.*postgresql-client"):
        restore(server_settings, tmp_path / "backup", CONSOLE, nothing)
    with pytest.raises(ConfigurationError, match=r"pg_dump is missing.*postgresql-client"):
        save(server_settings, tmp_path / "new")
    assert not (tmp_path / "new").exists()
