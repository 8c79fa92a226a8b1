"""Backups of each kind: of one moment, to be trusted, and refused where they cannot be."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
import subprocess
import threading
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from databases import CONSOLE, add, address_of, nothing, opened, tenants, tombstones, versions_table
from sqlalchemy import text
from video_jobs import ACME, RESULT, new_job, rows

from bentos.common.database.tables import Tenant, Tombstone
from bentos.common.database.upgrade import config_for, wanted
from bentos.common.errors import ConfigurationError, DependencyUnavailable
from bentos.common.settings import Settings
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.tables import VideoChunk
from bentos.deepfake_detection.video.jobs import JobStore
from deploy.local.backup import restore, save
from deploy.local.schema import differences, revisions
from deploy.local.state import StateFolder


def files_beside(settings: Settings) -> set[str]:
    with opened(settings) as database:
        if not database.embedded:
            return set()
        return {
            path.name for path in database.file.parent.iterdir() if path.name.startswith((".", "facesocial"))
        }


def test_a_backup_brings_back_what_was_and_nothing_else(settings: Settings, tmp_path: Path) -> None:
    add(settings, "before")
    file = tmp_path / "backup"
    save(settings, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    add(settings, "after")
    before = files_beside(settings)
    called: list[tuple[Settings, set[str]]] = []
    restore(settings, file, CONSOLE, lambda own, _: called.append((own, tenants(own))))
    assert called == [(settings, {"before"})]
    assert tenants(settings) == {"before"}
    assert files_beside(settings) <= before
    with opened(settings) as database:
        assert differences(database) == []
        if database.embedded:
            assert stat.S_IMODE(database.file.stat().st_mode) == 0o600


def test_no_face_of_a_video_comes_back(settings: Settings, tmp_path: Path) -> None:
    video = VideoSettings()
    with opened(settings) as database:
        store = JobStore(database)
        done, begun = (store.create(ACME, new_job(keep_thumbnails=True), None, video)[0] for _ in range(2))
        for job in (done, begun):
            assert store.claim(job.job_id, "w", video)
        assert store.finish(done.job_id, "w", RESULT)
        assert store.save_chunk(begun.job_id, "w", 0, b"faces")
    save(settings, tmp_path / "backup")
    with opened(settings) as database:
        JobStore(database).cancel_or_delete(ACME, done.job_id)
    restore(settings, tmp_path / "backup", CONSOLE, nothing)
    with opened(settings) as database:
        result = JobStore(database).get(ACME.tenant, done.job_id).info().result
        assert rows(database, VideoChunk) == 0
    assert result is not None
    assert result == RESULT.model_copy(
        update={"moments": [RESULT.moments[0].model_copy(update={"thumbnail": None})]}
    )


def test_a_backup_goes_to_another_machine(settings: Settings, elsewhere: Settings, tmp_path: Path) -> None:
    add(settings, "acme")
    save(settings, tmp_path / "backup")
    restore(elsewhere, tmp_path / "backup", CONSOLE, nothing)
    assert tenants(elsewhere) == tenants(settings) == {"acme"}
    with opened(elsewhere) as database:
        assert revisions(database) == wanted()


def test_a_backup_is_of_one_moment_while_others_write(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    """Each transaction adds two rows: a backup with one of them would be torn."""
    over, written, changed = threading.Event(), [0], threading.Condition()

    def write() -> None:
        with opened(settings) as database:
            while not over.is_set():
                with database.write() as session:
                    for side in ("left", "right"):
                        session.add(Tenant(id=uuid.uuid4().hex, name=f"{side}-{uuid.uuid4().hex}"))
                        session.flush()
                with changed:
                    written[0] += 1
                    changed.notify_all()

    def let_some_be_written() -> None:
        with changed:
            before = written[0]
            assert changed.wait_for(lambda: written[0] > before + 1, timeout=30)

    add(settings, *(f"{side}-{number}" for side in ("left", "right") for number in range(3000)))
    writing = threading.Thread(target=write)
    writing.start()
    files = [tmp_path / f"backup-{number}" for number in range(3)]
    try:
        for file in files:
            let_some_be_written()
            save(settings, file)
    finally:
        over.set()
        writing.join(30)
    counts = []
    for file in files:
        restore(elsewhere, file, CONSOLE, nothing)
        found = tenants(elsewhere)
        counts.append(len(found))
        assert 2 * sum(name.startswith("left") for name in found) == len(found)
    assert 6000 < counts[0] < counts[1] < counts[2] <= len(tenants(settings))


def test_an_older_backup_is_upgraded(elsewhere: Settings, tmp_path: Path) -> None:
    with opened(elsewhere) as database:
        with database.engine.execution_options(writes=True).begin() as connection:
            command.upgrade(config_for(connection), "core@head")
        assert revisions(database) == ["core_0001"]
    add(elsewhere, "old")
    save(elsewhere, tmp_path / "backup")
    restore(elsewhere, tmp_path / "backup", CONSOLE, nothing)
    assert tenants(elsewhere) == {"old"}
    with opened(elsewhere) as database:
        assert revisions(database) == wanted()


def test_a_backup_of_a_newer_version_is_refused_and_changes_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    with opened(settings) as database:
        table = versions_table(database)
        change = text(f"UPDATE {table} SET version_num = :after WHERE version_num = :before")
        with database.write() as session:
            session.execute(change, {"before": "core_0001", "after": "core_9999"})
        save(settings, file)
        with database.write() as session:
            session.execute(change, {"before": "core_9999", "after": "core_0001"})
    add(settings, "kept")
    with pytest.raises(ConfigurationError, match="core_9999"):
        restore(settings, file, CONSOLE, nothing)
    assert tenants(settings) == {"kept"}


def test_nothing_is_overwritten_and_nothing_half_written_stays(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "there").write_text("precious")
    for file, own, reason in (
        (folder / "there", settings, "exists already"),
        (folder / "none" / "file", settings, "cannot be written"),
        (folder / "new", elsewhere, "empty"),
    ):
        with pytest.raises(ConfigurationError, match=reason):
            save(own, file)
    assert (folder / "there").read_text() == "precious"
    assert [path.name for path in folder.iterdir()] == ["there"]


def torn(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def clipped(file: Path) -> None:
    """The head, where a dump lists what it holds, is whole."""
    os.truncate(file, file.stat().st_size - 200)


def scribbled(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4000 : len(data) - 100] = random.Random(7).randbytes(len(data) - 4100)
    file.write_bytes(data)


@pytest.mark.parametrize(
    "damage", [torn, clipped, scribbled, lambda file: file.write_bytes(b"no backup at all"), Path.unlink]
)
def test_a_damaged_backup_is_refused_and_changes_nothing(
    settings: Settings, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    file = tmp_path / "backup"
    add(settings, *(f"tenant-{number}" for number in range(500)))
    save(settings, file)
    add(settings, "later")
    damage(file)
    with pytest.raises((ConfigurationError, DependencyUnavailable)) as caught:
        restore(settings, file, CONSOLE, nothing)
    assert "swordfish" not in caught.value.message
    assert len(tenants(settings)) == 501
    assert not any(name.startswith(".restore") for name in files_beside(settings))


def test_another_programs_database_is_refused(
    settings: Settings, elsewhere: Settings, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    file = tmp_path / "backup"
    with opened(elsewhere) as database:
        if database.embedded:
            with closing(sqlite3.connect(file)) as other:
                other.execute("CREATE TABLE things (id INTEGER)")
        else:
            with database.write() as session:
                session.execute(text("CREATE TABLE things (id INTEGER)"))
            url = address_of(database).replace("+psycopg2", "")
            subprocess.run(["pg_dump", "--format=custom", "--file", file, url], check=True, timeout=60)
    add(settings, "kept")
    with pytest.raises(ConfigurationError, match="another program"):
        restore(settings, file, CONSOLE, nothing)
    assert tenants(settings) == {"kept"}


def test_a_backup_of_the_other_kind_is_refused(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    with opened(settings) as database:
        file.write_bytes(b"PGDMP\1\2\3" if database.embedded else b"SQLite format 3\0")
    with pytest.raises(ConfigurationError, match="is a backup of"):
        restore(settings, file, CONSOLE, nothing)


def test_nothing_is_restored_while_the_stack_runs(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    save(settings, file)
    add(settings, "later")
    state = StateFolder(settings.state_dir)
    state.make()
    state.write_record({}, None)
    with pytest.raises(ConfigurationError, match="facesocial down"):
        restore(settings, file, CONSOLE, nothing)
    state.clear()
    assert tenants(settings) == {"later"}


def test_what_a_backup_does_not_know_of_erased_faces_stays_known(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    """Also where the list was lost, and the database that is given up alone knows."""
    listed, in_table = uuid.uuid4().hex, uuid.uuid4().hex
    save(settings, tmp_path / "backup")
    tombstones(settings).add([listed])
    with opened(settings) as database, database.write() as session:
        session.add(Tombstone(id=in_table))
    known: set[str] = set()
    restore(settings, tmp_path / "backup", CONSOLE, lambda own, _: known.update(tombstones(own).ids()))
    assert known == {listed, in_table}
    with opened(settings) as database, database.read() as session:
        assert tombstones(settings).missing_from(session) == sorted(known)


def test_a_damaged_list_of_erased_faces_stops_a_restore_before_it_begins(
    settings: Settings, tmp_path: Path
) -> None:
    save(settings, tmp_path / "backup")
    add(settings, "later")
    settings.gallery.tombstones.parent.mkdir(exist_ok=True)
    settings.gallery.tombstones.write_text("damaged\n")
    with pytest.raises(ConfigurationError, match=r"tombstones\.ndjson, line 1"):
        restore(settings, tmp_path / "backup", CONSOLE, nothing)
    assert tenants(settings) == {"later"}
