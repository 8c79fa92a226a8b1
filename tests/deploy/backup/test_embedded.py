"""Backups of the embedded file: its log, and who holds it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from databases import CONSOLE, ROOT, add, nothing, opened, tenants
from sqlalchemy import text

from bentos.common.database.upgrade import upgrade
from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings
from deploy.local.backup import restore, save


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> Settings:
    """Of an upgraded SQLite file with the tenant `acme`, with a backup of it at ``backup``."""
    settings = Settings(state_dir=tmp_path / "state")
    with opened(settings) as database:
        upgrade(database)
    add(settings, "acme")
    save(settings, tmp_path / "backup")
    return settings


HOLDER = """
import sys
from pydantic import SecretStr
from bentos.common.database import Database
from bentos.common.settings import DatabaseSettings
database = Database(DatabaseSettings(url=SecretStr(sys.argv[1]), pool_size=2, timeout_s=5))
database.ping()
print("ready", flush=True)
sys.stdin.read()
"""


def test_nothing_is_restored_while_a_process_holds_the_file(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    """It need not write, nor have a transaction open; an idle connection is enough."""
    url = sqlite_settings.database.url.get_secret_value()
    add(sqlite_settings, "later")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        with pytest.raises(ConfigurationError, match="Another process uses"):
            restore(sqlite_settings, tmp_path / "backup", CONSOLE, nothing)
        assert tenants(sqlite_settings) == {"acme", "later"}
        holder.communicate("", timeout=30)
    restore(sqlite_settings, tmp_path / "backup", CONSOLE, nothing)
    assert tenants(sqlite_settings) == {"acme"}


@pytest.mark.parametrize("damage", [b"", b"rubbish" * 20], ids=["whole", "damaged"])
def test_a_log_that_a_killed_process_left_is_not_read_into_the_backup(
    sqlite_settings: Settings, tmp_path: Path, damage: bytes
) -> None:
    """A log is found by its name, and would be played into whatever database has the old one's place."""
    kept = tmp_path / "kept"
    with opened(sqlite_settings) as database, closing(sqlite3.connect(database.file)) as killed:
        file = database.file
        killed.execute("INSERT INTO tenants VALUES ('id', 'in the log', '2026-01-01')")
        killed.commit()
        for suffix in ("", "-wal"):
            shutil.copy(f"{file}{suffix}", f"{kept}{suffix}")
    for suffix in ("", "-wal"):
        shutil.copy(f"{kept}{suffix}", f"{file}{suffix}")
    with file.open("r+b") as old:
        old.write(damage)
    restore(sqlite_settings, tmp_path / "backup", CONSOLE, nothing)
    assert tenants(sqlite_settings) == {"acme"}


def test_a_database_in_use_is_no_backup(sqlite_settings: Settings, tmp_path: Path) -> None:
    with opened(sqlite_settings) as database, closing(sqlite3.connect(database.file)) as user:
        user.execute("INSERT INTO tenants VALUES ('id', 'in the log', '2026-01-01')")
        user.commit()
        for suffix in ("", "-wal"):
            shutil.copy(f"{database.file}{suffix}", tmp_path / f"copied{suffix}")
    with pytest.raises(ConfigurationError, match="is a database in use"):
        restore(sqlite_settings, tmp_path / "copied", CONSOLE, nothing)


def test_a_backup_is_one_file_that_says_nothing_of_deleted_rows(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    add(sqlite_settings, "swordfish-tenant")
    with opened(sqlite_settings) as database, database.write() as session:
        session.execute(text("DELETE FROM tenants WHERE name = 'swordfish-tenant'"))
    folder = tmp_path / "backups"
    folder.mkdir()
    save(sqlite_settings, folder / "backup")
    with closing(sqlite3.connect(folder / "backup")) as copy:
        assert copy.execute("SELECT name FROM tenants").fetchall() == [("acme",)]
        assert [path.name for path in folder.iterdir()] == ["backup"]
    assert b"swordfish" not in (folder / "backup").read_bytes()


def test_an_end_that_is_missing_is_noticed_where_it_holds_nothing(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    add(sqlite_settings, *(f"tenant-{number}" for number in range(50)))
    file = tmp_path / "clipped"
    save(sqlite_settings, file)
    with closing(sqlite3.connect(file)) as backup:
        backup.execute("CREATE TABLE filling (data BLOB)")
        backup.execute("INSERT INTO filling VALUES (zeroblob(40000))")
        backup.execute("DROP TABLE filling")
        backup.commit()
    os.truncate(file, file.stat().st_size - 200)
    with pytest.raises(ConfigurationError, match="its end is missing"):
        restore(sqlite_settings, file, CONSOLE, nothing)
