"""``facesocial backup`` as an operator calls it, on embedded stores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from databases import ROOT, add, opened, tenants

from bentos.common import backups
from bentos.common.database.upgrade import upgrade
from bentos.common.settings import Settings

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The command on a state folder of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FACESOCIAL_")}
    own = {
        "FACESOCIAL_STATE_DIR": str(tmp_path / "state"),
        "FACESOCIAL_MODEL_SOURCE": "published",
        "FACESOCIAL_BACKUP_DIR": str(tmp_path / "backups"),
    }

    def call(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deploy.local.cli", "backup", *arguments],
            cwd=ROOT,
            env={**kept, **own, **settings},
            capture_output=True,
            text=True,
            timeout=100,
        )

    return call


def test_from_a_key_to_a_drill(run: Run, tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path / "state")
    with opened(settings) as database:
        upgrade(database)
    add(settings, "acme")
    key = tmp_path / "key.txt"
    public = run("keygen", str(key)).stdout.strip()
    assert public.startswith("age1")
    refused = run("create")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("facesocial: No backup is made unencrypted")
    made = run("create", FACESOCIAL_BACKUP_RECIPIENTS=public)
    assert made.returncode == 0, made.stderr
    name = made.stdout.strip()
    (listed,) = json.loads(run("list", "--json").stdout)
    assert (listed["id"], listed["fault"]) == (name, None)
    assert run("verify").stdout == f"{name}: whole, as far as it can be seen without a key\n"
    opens = {"FACESOCIAL_BACKUP_IDENTITY_FILE": str(key)}
    assert run("verify", "--all", **opens).stdout == f"{name}: decrypted and whole\n"
    add(settings, "later")
    drilled = run("drill", **opens)
    assert drilled.returncode == 0, drilled.stdout + drilled.stderr
    with opened(settings) as database, database.read() as session:
        noted = backups.last(session, "drill")
    assert noted is not None
    assert noted.backup_id == name
    restored = run("restore", name, **opens)
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert tenants(settings) == {"acme"}
    file = tmp_path / "backups" / name / "database.age"
    file.write_bytes(file.read_bytes()[:-1] + b"\0")
    assert (damaged := run("verify", name)).returncode == 1, damaged.stdout
    assert "database.age is not the one" in damaged.stdout
