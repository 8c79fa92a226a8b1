"""Roles and databases as the first start makes them, in a real PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from postgres import USER, PostgresServer, programs
from pydantic import SecretStr

from bentos.common.database import Database
from bentos.common.database.upgrade import upgrade
from bentos.common.settings import DatabaseSettings

PASSWORD = "0123456789abcdef-swordfish"


class Roles:
    """Names of this test alone: a server's roles are all tests'."""

    def __init__(self, server: PostgresServer, script: Path, folder: Path) -> None:
        mark = "".join(chr(97 + int(digit, 16)) for digit in uuid.uuid4().hex[:12])
        self.server, self.script, self.folder = server, script, folder
        self.ours, self.theirs = f"ours_{mark}", f"theirs_{mark}"

    def make(self, first: str | None = None) -> subprocess.CompletedProcess[str]:
        address = first or f"postgresql://{self.ours}:{PASSWORD}@postgres:5432/{self.ours}"
        (self.folder / "FACESOCIAL_DATABASE_URL").write_text(f"{address}\n")
        second = f"postgresql+psycopg2://{self.theirs}:{PASSWORD}x@postgres:5432/{self.theirs}\n"
        (self.folder / "mlflow_database_url").write_text(second)
        found = programs()
        assert found is not None
        place = {"PGHOST": "127.0.0.1", "PGPORT": str(self.server.port), "POSTGRES_USER": USER}
        environment = {**os.environ, **place, "SECRETS_FOLDER": str(self.folder)}
        environment["PATH"] = f"{found}:{environment['PATH']}"
        return subprocess.run([self.script], env=environment, capture_output=True, text=True, timeout=60)

    def url(self, role: str, database: str) -> str:
        return f"postgresql://{role}:{PASSWORD}@127.0.0.1:{self.server.port}/{database}"


@pytest.fixture
def roles(postgres: PostgresServer, folder: Path, tmp_path: Path) -> Iterator[Roles]:
    made = Roles(postgres, folder / "postgres/roles.sh", tmp_path)
    yield made
    for name in (made.ours, made.theirs):
        postgres.ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        postgres.ask(f"DROP ROLE IF EXISTS {name}")


def test_each_has_a_database_and_stays_out_of_the_others(roles: Roles) -> None:
    done = roles.make()
    assert done.returncode == 0, done.stderr
    rights = roles.server.ask(
        "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolcanlogin FROM pg_roles "
        f"WHERE rolname IN ('{roles.ours}', '{roles.theirs}') ORDER BY 1"
    )
    assert rights == [(roles.ours, False, True, False, True), (roles.theirs, False, False, False, True)]
    for role, other in ((roles.ours, roles.theirs), (roles.theirs, roles.ours)):
        psycopg2.connect(roles.url(role, role)).close()
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            psycopg2.connect(roles.url(role, other))


def test_the_password_is_kept_as_scram_and_is_the_one_of_the_address(roles: Roles) -> None:
    assert roles.make().returncode == 0
    ((kept,),) = roles.server.ask(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{roles.ours}'")
    assert kept.startswith("SCRAM-SHA-256$")
    assert PASSWORD not in kept


def test_the_role_can_bring_its_database_up_to_date(roles: Roles) -> None:
    assert roles.make().returncode == 0
    database = Database(
        DatabaseSettings(url=SecretStr(roles.url(roles.ours, roles.ours)), pool_size=2, timeout_s=10)
    )
    try:
        assert upgrade(database)
    finally:
        database.close()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://facesocial:short@postgres:5432/facesocial",
        "postgresql://facesocial@postgres:5432/facesocial",
        "postgresql://Robert';--:0123456789abcdef@postgres/x",
        "postgresql://facesocial:0123456789abcdef@postgres/x;drop",
        "sqlite:///x",
        "",
    ],
)
def test_an_address_that_is_none_makes_nothing_and_is_not_printed(roles: Roles, address: str) -> None:
    before = roles.server.ask("SELECT count(*) FROM pg_roles")
    done = roles.make(address or "\n")
    assert done.returncode != 0
    assert "FACESOCIAL_DATABASE_URL is no postgresql://" in done.stderr
    assert not address or address not in done.stdout + done.stderr
    assert roles.server.ask("SELECT count(*) FROM pg_roles") == before


def test_a_failure_stops_and_tells_no_password(roles: Roles) -> None:
    assert roles.make().returncode == 0
    again = roles.make()
    assert again.returncode != 0
    assert "already exists" in again.stderr
    assert PASSWORD not in again.stderr + roles.server._log.read_text()
