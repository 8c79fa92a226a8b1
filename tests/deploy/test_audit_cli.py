"""``facesocial audit`` and ``facesocial tenant``, as a person types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from chains import grow, judged, tamper

from bentos.common.audit.chain import verify_lines
from bentos.common.database import Database
from bentos.common.tenants import policies, set_policy

ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def facesocial(database: Database, tmp_path: Path) -> Run:
    """Runs the command on the database."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FACESOCIAL_")}
    settings = {
        "FACESOCIAL_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "FACESOCIAL_STATE_DIR": str(tmp_path / "state"),
        "COLUMNS": "400",
        "PYTHONUTF8": "1",
    }

    def run(*arguments: str, text: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deploy.local.cli", *arguments],
            cwd=ROOT,
            env=clean | settings | more,
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def test_sound_chains(facesocial: Run, database: Database) -> None:
    heads = {tenant: grow(database, tenant, 3) for tenant in ("acme", "Übung")}
    done = facesocial("audit", "verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "".join(
        f"{tenant}: 3 events, head {heads[tenant]}\n" for tenant in ("acme", "Übung")
    )
    done = facesocial("audit", "verify", "--tenant", "acme", "--head", heads["acme"])
    assert (done.returncode, done.stdout) == (0, f"acme: 3 events, head {heads['acme']}\n")


def test_a_broken_chain_is_said_in_a_sentence(facesocial: Run, database: Database) -> None:
    grow(database, "acme", 3)
    head = grow(database, "other", 2)
    tamper(database, "UPDATE {events} SET actor = 'mallory' WHERE tenant = 'acme' AND seq = 2")
    done = facesocial("audit", "verify")
    assert done.returncode == 1
    assert done.stderr == "acme: event 2: it was changed after it was written.\n"
    assert f"other: 2 events, head {head}\n" in done.stdout
    assert facesocial("audit", "verify", "--tenant", "other").returncode == 0
    done = facesocial("audit", "verify", "--tenant", "other", "--head", "f" * 64)
    assert done.returncode == 1
    assert "the hash that was noted" in done.stderr
    assert facesocial("audit", "verify", "--head", head).returncode == 2


def test_an_export_is_judged_without_the_database(
    facesocial: Run, database: Database, tmp_path: Path
) -> None:
    grow(database, "acme", 3)
    grow(database, "other", 2)
    one = facesocial("audit", "export", "--tenant", "acme")
    assert verify_lines(one.stdout.encode().splitlines(keepends=True)) == judged(database)
    every = facesocial("audit", "export")
    file = tmp_path / "audit.ndjson"
    file.write_text(every.stdout, encoding="utf-8")
    nowhere = {"FACESOCIAL_DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    done = facesocial("audit", "verify-file", str(file), **nowhere)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split(",")[0] for line in done.stdout.splitlines()] == ["acme: 3 events", "other: 2 events"]
    assert facesocial("audit", "verify-file", "-", text=one.stdout, **nowhere).returncode == 0

    file.write_text(every.stdout.replace("person-2", "person-9", 1), encoding="utf-8")
    done = facesocial("audit", "verify-file", str(file), **nowhere)
    assert (done.returncode, done.stderr) == (1, "acme: event 2: it was changed after it was written.\n")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("text", ["", "\n", "hello\n", '{"end": true}\n', '{"tenant": "\\u001b[2J"}\n'])
def test_a_file_without_an_export(facesocial: Run, text: str) -> None:
    done = facesocial("audit", "verify-file", "-", text=text)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nothing_to_judge_and_nowhere_to_look(facesocial: Run, tmp_path: Path) -> None:
    done = facesocial("audit", "verify")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    fresh = {"FACESOCIAL_DATABASE_URL": f"sqlite:///{tmp_path / 'new' / 'fresh.sqlite'}"}
    assert facesocial("audit", "verify", **fresh).returncode == 0
    done = facesocial(
        "audit", "verify", FACESOCIAL_DATABASE_URL="postgresql://ann:swordfish@127.0.0.1:1/none"
    )
    assert done.returncode == 1
    assert "127.0.0.1 does not answer" in done.stderr
    assert "swordfish" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert facesocial("audit", "verify-file", str(tmp_path / "none")).returncode == 2


def test_tenants_and_what_they_want(facesocial: Run, database: Database) -> None:
    assert "no tenant" in facesocial("tenant", "list").stdout
    done = facesocial("tenant", "set", "[red]acme", "--retention-days", "30", "--keep-images")
    assert done.stdout == "[red]acme: faces are kept 30 days.\n"
    assert chosen(database) == ("[red]acme", 30, True)
    facesocial("tenant", "set", "[red]acme", "--no-keep-images")
    assert chosen(database) == ("[red]acme", 30, False)
    done = facesocial("tenant", "set", "[red]acme", "--no-retention")
    assert done.stdout == "[red]acme: faces are kept until they are erased.\n"
    assert chosen(database) == ("[red]acme", None, False)
    with database.write() as session:
        set_policy(session, "other", retention_days=7, keep_images=None)
    listed = facesocial("tenant", "list", FACESOCIAL_KEEP_IMAGES="true").stdout.splitlines()
    (own,) = [line for line in listed if "[red]acme" in line]
    assert "until they are erased" in own
    (other,) = [line for line in listed if "other" in line]
    assert "7 days" in other
    assert "yes (as the deployment says)" in other


def test_what_a_tenant_wants_is_an_event(facesocial: Run, database: Database) -> None:
    facesocial("tenant", "set", "acme", "--retention-days", "30")
    lines = facesocial("audit", "export", "--tenant", "acme").stdout.splitlines()
    event = json.loads(lines[0])
    assert (event["actor"], event["action"]) == ("command line", "tenant.set")
    assert event["details"] == {"retention_days": 30, "keep_images": None}
    assert judged(database).fault is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["acme"], 2),
        (["acme", "--retention-days", "0"], 2),
        (["acme", "--retention-days", "many"], 2),
        (["acme", "--retention-days", "3", "--no-retention"], 2),
        (["acme", "--retention-days", "99999999999999999999"], 1),
        (["", "--keep-images"], 1),
        (["a" * 201, "--keep-images"], 1),
        (["a\nb", "--keep-images"], 1),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    facesocial: Run, database: Database, arguments: list[str], code: int
) -> None:
    done = facesocial("tenant", "set", *arguments)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    with database.read() as session:
        assert policies(session) == []


def chosen(database: Database) -> tuple[str, int | None, bool | None]:
    with database.read() as session:
        (one,) = policies(session)
    return one.name, one.retention_days, one.keep_images
