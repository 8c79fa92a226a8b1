"""Backups of the whole: made whole or not at all, and refused where a byte is wrong."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from databases import CONSOLE, ROOT, add, tenants, tombstones
from redis import Redis

from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings
from bentos.face_recognition.gallery.pictures import KeptPictures
from deploy.local.backup.checking import check
from deploy.local.backup.files import scratch
from deploy.local.backup.keys import identities_of, make_identity
from deploy.local.backup.making import Maker
from deploy.local.backup.manifest import Manifest
from deploy.local.backup.restoring import restore
from deploy.local.backup_settings import BackupSettings

PARTS = ("redis", "database", "pictures", "tombstones")


def latest(maker: Maker) -> Path:
    return maker.shelf.find("latest").path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def require_refused(small: Settings, own: BackupSettings, reason: str, which: str = "latest") -> None:
    """Neither verified nor restored, and nothing changes."""
    if "later" not in tenants(small):
        add(small, "later")
    listed = tombstones(small).ids()
    with pytest.raises(ConfigurationError, match=reason):
        restore(small, own, which, CONSOLE)
    assert tenants(small) == {"acme", "later"}
    assert tombstones(small).ids() == listed
    assert not list(small.state_dir.glob(".backup-*"))
    with Redis.from_url(small.redis_url.get_secret_value()) as client:  # type: ignore[union-attr]
        assert client.keys("*") == [b"facesocial:idempotency:abc"]


def test_a_backup_says_what_it_is_and_nothing_about_anybody(
    maker: Maker, small: Settings, own: BackupSettings
) -> None:
    manifest = maker.create()
    folder = latest(maker)
    assert folder.name == manifest.id
    assert names(folder) == sorted(["manifest.json", *(f"{part}.age" for part in PARTS)])
    assert [part.name for part in manifest.parts] == list(PARTS), "in this order"
    assert Manifest.read(folder) == manifest
    assert manifest.database.counts["tenants"] == 1
    assert [part.counts for part in manifest.parts if part.name != "database"] == [
        {"answers": 1, "erased_before": 0},
        {"pictures": 1},
        {"faces": 1},
    ]
    for path in (folder, *folder.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == (0 if path.suffix != ".json" else 0o044), path
    for file in folder.iterdir():
        data = file.read_bytes()
        assert b"acme" not in data
        assert not any(face.encode() in data for face in tombstones(small).ids())
        assert b"SQLite format" not in data
    assert names(own.folder) == [manifest.id]
    assert not list(small.state_dir.glob(".backup-*"))
    found = check(maker.shelf.find("latest"), identities_of(own))
    assert (found.opened, found.faults) == (True, ())


@pytest.mark.parametrize("damage", ["flipped", "cut", "longer", "missing"])
@pytest.mark.parametrize("part", PARTS)
def test_a_wrong_byte_in_any_part_is_refused(
    maker: Maker, small: Settings, own: BackupSettings, part: str, damage: str
) -> None:
    name = maker.create().id
    file = latest(maker) / f"{part}.age"
    data = bytearray(file.read_bytes())
    if damage == "flipped":
        data[len(data) // 2] ^= 4
    elif damage == "cut":
        del data[-1]
    elif damage == "longer":
        data += b"x"
    file.write_bytes(data)
    if damage == "missing":
        file.unlink()
    for identities in ((), identities_of(own)):
        (fault,) = check(maker.shelf.find(name), identities).faults
        assert f"{part}.age" in fault
    require_refused(small, own, rf"{part}\.age", name)


def test_a_part_of_another_backup_is_refused(maker: Maker, small: Settings, own: BackupSettings) -> None:
    """It is whole, and of the same key."""
    maker.create()
    other = latest(maker)
    name = maker.create().id
    for part in ("tombstones", "database"):
        shutil.copy(other / f"{part}.age", maker.shelf.folder / name / f"{part}.age")
    require_refused(small, own, r"database\.age", name)
    shutil.copy(other / "manifest.json", maker.shelf.folder / name / "manifest.json")
    require_refused(small, own, f"it is that of {other.name}", name)


def changed(**fields: object) -> Callable[[dict[str, object]], None]:
    return lambda manifest: manifest.update(fields)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (changed(format=2), "has the format 2"),
        (changed(format="1"), "has the format '1'"),
        (changed(version="9.9"), "changed after it was written"),
        (lambda manifest: manifest["parts"].pop(), "changed after it was written"),
        (lambda manifest: manifest.clear(), "has the format None"),
    ],
)
def test_a_manifest_that_is_not_understood_is_refused(
    maker: Maker,
    small: Settings,
    own: BackupSettings,
    change: Callable[[dict[str, object]], None],
    reason: str,
) -> None:
    name = maker.create().id
    file = latest(maker) / "manifest.json"
    body = json.loads(file.read_text())
    change(body)
    file.write_text(json.dumps(body))
    require_refused(small, own, reason, name)
    with pytest.raises(ConfigurationError, match="There is no backup in"):
        maker.shelf.find("latest")
    file.write_text("[1, 2")
    require_refused(small, own, "is no JSON object", name)


def test_another_key_opens_nothing(
    maker: Maker, small: Settings, own: BackupSettings, tmp_path: Path
) -> None:
    maker.create()
    make_identity(tmp_path / "other.txt")
    stranger = own.model_copy(update={"identity_file": tmp_path / "other.txt"})
    require_refused(small, stranger, "None of the private keys opens redis.age")
    assert len(check(maker.shelf.find("latest"), identities_of(stranger)).faults) == len(PARTS)
    assert check(maker.shelf.find("latest")).faults == ()


def test_what_is_no_backup_is_said(maker: Maker, small: Settings, own: BackupSettings) -> None:
    require_refused(small, own, "There is no backup in")
    for name in ("../state", "2026-01-01T00-00-00Z-00000000", ".", ""):
        require_refused(small, own, "There is no backup", name)
    without = Maker(small, own.model_copy(update={"recipients": ()}))
    with pytest.raises(ConfigurationError, match="No backup is made unencrypted"):
        without.create()
    assert not own.folder.exists() or names(own.folder) == []


def test_two_are_not_made_at_once(maker: Maker, small: Settings, own: BackupSettings) -> None:
    with maker.shelf.held():
        for other in (
            lambda: Maker(small, own).create(),
            lambda: Maker(small, own).prune(),
            lambda: restore(small, own, "latest", CONSOLE),
        ):
            with pytest.raises(ConfigurationError, match="Another process works on the backups"):
                other()
    assert maker.create()


WORKER = """
import sys, time
from pathlib import Path
from bentos.common.settings import Settings
from bentos.face_recognition.gallery.pictures import KeptPictures
from deploy.local import backups
from deploy.local.backup_settings import BackupSettings
from deploy.local.backup.making import Maker
KeptPictures.get = lambda *_: (print("half", flush=True), time.sleep(60))
backups._tidy_when_told_to_stop()
Maker(Settings(), BackupSettings()).create()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_who_is_killed_in_the_middle_leaves_no_backup(
    maker: Maker, small: Settings, own: BackupSettings, how: signal.Signals
) -> None:
    """Neither one that is found, nor what blocks the next one; told to stop, nothing in the clear either."""
    first = maker.create()
    with subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=ROOT,
        env=environment_of(small, own),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        assert any(name.startswith(".partial-") for name in names(own.folder))
        process.send_signal(how)
        process.wait(30)
    assert process.returncode == (-9 if how == signal.SIGKILL else 128 + 15)
    assert [entry.id for entry in maker.shelf.entries()] == [first.id]
    if how == signal.SIGTERM:
        assert names(own.folder) == [first.id]
        assert not list(small.state_dir.glob(".backup-*"))
    second = maker.create()
    assert names(own.folder) == sorted([first.id, second.id])
    assert not list(small.state_dir.glob(".backup-*"))
    assert check(maker.shelf.find(second.id), identities_of(own)).faults == ()


def environment_of(small: Settings, own: BackupSettings) -> dict[str, str]:
    return {
        **os.environ,
        "FACESOCIAL_STATE_DIR": str(small.state_dir),
        "FACESOCIAL_REDIS_URL": small.redis_url.get_secret_value(),  # type: ignore[union-attr]
        "FACESOCIAL_BACKUP_DIR": str(own.folder),
        "FACESOCIAL_BACKUP_RECIPIENTS": ",".join(own.recipients),
    }


def test_a_full_disk_leaves_no_backup(small: Settings, own: BackupSettings) -> None:
    """A limit on the size of files stands in for a small disk."""
    KeptPictures(small.gallery.images).put(uuid.uuid4().hex, bytes(9_000_000))
    done = subprocess.run(
        ["prlimit", "--fsize=4000000", sys.executable, "-m", "deploy.local.cli", "backup", "create"],
        cwd=ROOT,
        env=environment_of(small, own),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (1, "facesocial: The disk says: File too large.\n")
    assert names(own.folder) == []
    assert not list(small.state_dir.glob(".backup-*"))


def test_plaintext_lies_where_only_its_owner_reads(tmp_path: Path) -> None:
    left = tmp_path / ".backup-create-left"
    left.mkdir()
    with scratch(tmp_path, "create") as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert not left.exists()
        (folder / "plain").write_text("x")
    assert names(tmp_path) == []


def test_pruning_leaves_the_newest_that_is_whole_and_what_is_damaged(
    small: Settings, own: BackupSettings
) -> None:
    start = datetime(2026, 1, 1, 3, tzinfo=UTC)
    for day in range(6):
        Maker(small, own, lambda day=day: start + timedelta(days=day)).create()  # type: ignore[misc]
    few = own.model_copy(update={"keep_daily": 1, "keep_weekly": 0, "keep_monthly": 0})
    pruning = Maker(small, few, lambda: start + timedelta(days=40))
    entries = pruning.shelf.entries()
    flipped = bytearray((entries[0].path / "database.age").read_bytes())
    flipped[-1] ^= 1
    (entries[0].path / "database.age").write_bytes(flipped)
    (entries[3].path / "manifest.json").unlink()
    gone, damaged = pruning.prune(dry=True)
    assert len(pruning.shelf.entries()) == 6
    assert pruning.prune() == (gone, damaged)
    assert [entry.id for entry in damaged] == [entries[3].id]
    left = [entry.id for entry in pruning.shelf.entries()]
    assert left == [entries[0].id, entries[1].id, entries[3].id], (
        "the newest is damaged: the one before stays too"
    )
    assert names(own.folder) == sorted(left)


def test_nothing_goes_where_no_backup_is_whole(small: Settings, own: BackupSettings) -> None:
    start = datetime(2026, 1, 1, 3, tzinfo=UTC)
    for day in range(2):
        Maker(small, own, lambda day=day: start + timedelta(days=day)).create()  # type: ignore[misc]
    none = own.model_copy(update={"keep_daily": 0, "keep_weekly": 0, "keep_monthly": 0})
    pruning = Maker(small, none, lambda: start + timedelta(days=40))
    for entry in pruning.shelf.entries():
        data = bytearray((entry.path / "database.age").read_bytes())
        data[-1] ^= 1
        (entry.path / "database.age").write_bytes(data)
    assert pruning.prune() == ([], [])
    assert len(pruning.shelf.entries()) == 2
