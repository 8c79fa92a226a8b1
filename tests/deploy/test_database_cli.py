"""``facesocial db`` and ``facesocial usage``: revisions, tables, counts that can be read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from databases import ROOT, opened
from pydantic import SecretStr
from sqlalchemy import text

from bentos.common.database.upgrade import upgrade, wanted
from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings
from bentos.common.usage import today
from deploy.local.schema import USAGE, branches, differences

SETTING = "FACESOCIAL_DATABASE_URL"


def test_a_table_of_the_programs_that_is_not_there_as_it_should_be_is_found(settings: Settings) -> None:
    with opened(settings) as database:
        assert differences(database) == []
        prefix = "" if database.embedded else "face_detection."
        with database.write() as session:
            session.execute(text(f"ALTER TABLE {prefix}detection_usage DROP COLUMN failed"))
        (found,) = differences(database)
    assert found.startswith("add_column")
    assert "detection_usage failed" in found


def test_a_database_that_is_behind_is_told(elsewhere: Settings) -> None:
    with opened(elsewhere) as database:
        assert {branch.database for branch in branches(database)} == {None}
        with pytest.raises(ConfigurationError, match="facesocial db upgrade"):
            differences(database)
        upgrade(database)
        assert all(branch.database == branch.program for branch in branches(database))


def facesocial(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FACESOCIAL_")}
    own: Mapping[str, str] = {
        "FACESOCIAL_STATE_DIR": str(settings.state_dir),
        SETTING: settings.database.url.get_secret_value(),
        "COLUMNS": "200",
    }
    return subprocess.run(
        [sys.executable, "-m", "deploy.local.cli", *arguments],
        cwd=ROOT,
        env={**clean, **own},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_commands_of_a_new_database(elsewhere: Settings, tmp_path: Path) -> None:
    behind = facesocial(elsewhere, "db", "current")
    assert behind.returncode == 1
    assert "core_0001" in behind.stdout
    refused = facesocial(elsewhere, "db", "check")
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert facesocial(elsewhere, "db", "upgrade").stdout.split() == wanted()
    assert facesocial(elsewhere, "db", "current").returncode == 0
    assert facesocial(elsewhere, "db", "check").returncode == 0
    backup = facesocial(elsewhere, "db", "backup", str(tmp_path / "backup"))
    assert backup.returncode == 0
    assert str(tmp_path / "backup") in backup.stdout
    again = facesocial(elsewhere, "db", "backup", str(tmp_path / "backup"))
    assert (again.returncode, "exists already" in again.stderr) == (1, True)


def test_usage_of_all_services_is_one_table(settings: Settings) -> None:
    with opened(settings) as database, database.write() as session:
        for number, table in enumerate(USAGE.values(), 1):
            common = {"operation": "/batch", "failed": 0}
            session.add(table(tenant="acme", day=today(), requests=number * 11, **common))
            session.add(
                table(tenant="[red]x\n", day=today() - timedelta(days=9), requests=number * 1111, **common)
            )
    everything = facesocial(settings, "usage")
    assert everything.returncode == 0, everything.stderr
    assert [everything.stdout.count(name) for name in USAGE] == [2] * 5
    assert all(f" {number * 11} " in everything.stdout for number in range(1, 6))
    assert r"'[red]x\n'" in everything.stdout
    assert "1111" not in facesocial(settings, "usage", "--days", "9").stdout
    assert "1111" in facesocial(settings, "usage", "--days", "10").stdout
    assert "1111" not in facesocial(settings, "usage", "--tenant", "acme").stdout
    assert "Nothing was counted" in facesocial(settings, "usage", "--tenant", "nobody").stdout


def test_a_server_that_does_not_answer_is_one_sentence(elsewhere: Settings) -> None:
    dead = elsewhere.model_copy(
        update={"database_url": SecretStr("postgresql://me:swordfish@127.0.0.1:9/db")}
    )
    for arguments in (["usage"], ["db", "current"], ["db", "upgrade"]):
        done = facesocial(dead, *arguments)
        assert done.returncode == 1
        assert "does not answer" in done.stderr
        assert "Traceback" not in done.stderr
        assert "swordfish" not in done.stderr
