"""The list of erased faces: on the disk before it is promised, whole after crashes, and never short of the table."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock
from sqlalchemy import select
from together import ROOT, run_together

from bentos.common.database import Database, now
from bentos.common.database.tables import Tombstone
from bentos.common.errors import ConfigurationError, DependencyUnavailable
from bentos.common.tombstones import Tombstones

KILLS = 5
EACH = 500


def ids_of(count: int) -> list[str]:
    return [uuid.uuid4().hex for _ in range(count)]


@pytest.fixture
def tombstones(tmp_path: Path) -> Tombstones:
    return Tombstones(tmp_path / "state" / "tombstones.ndjson")


def test_what_was_added_is_there_with_a_time_and_nothing_else(tombstones: Tombstones) -> None:
    assert tombstones.ids() == set()
    before, some = now(), ids_of(3)
    tombstones.add(some[:2])
    tombstones.add(some[2:])
    assert tombstones.ids() == set(some)
    lines = [json.loads(line) for line in tombstones.path.read_text().splitlines()]
    assert [line["id"] for line in lines] == some
    assert all(line.keys() == {"id", "erased_at"} for line in lines)
    for line in lines:
        at = datetime.fromisoformat(line["erased_at"])
        assert at.utcoffset() == timedelta(0)
        assert before <= at <= now()


def test_only_its_owner_reads_it(tombstones: Tombstones) -> None:
    umask = os.umask(0)
    try:
        tombstones.add(ids_of(1))
    finally:
        os.umask(umask)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tombstones.path.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(tombstones.path.parent.stat().st_mode) == 0o700


def test_nothing_to_add_makes_no_file(tombstones: Tombstones) -> None:
    tombstones.add([])
    assert not tombstones.path.exists()


@pytest.mark.parametrize("wrong", ["", "a" * 31, "A" * 32, "a" * 33, 'a"}\n{"id": "b', "g" * 32])
def test_what_is_no_id_is_not_written(tombstones: Tombstones, wrong: str) -> None:
    tombstones.add(["a" * 32])
    with pytest.raises(ValueError, match="no id"):
        tombstones.add(["b" * 32, wrong])
    assert tombstones.ids() == {"a" * 32}


def test_wherever_a_crash_cuts_the_last_line_the_others_and_the_next_stay(tombstones: Tombstones) -> None:
    tombstones.add(["a" * 32, "b" * 32])
    whole = tombstones.path.read_bytes()
    first = whole.index(b"\n") + 1
    for size in range(first, len(whole)):
        tombstones.path.write_bytes(whole[:size])
        expected = {"a" * 32, "b" * 32} if size == len(whole) - 1 else {"a" * 32}
        assert tombstones.ids() == expected, size
        tombstones.add(["c" * 32])
        assert tombstones.ids() == expected | {"c" * 32}, size
        assert b"}{" not in tombstones.path.read_bytes()


def test_a_tail_that_a_power_cut_filled_with_zeros_is_cut_off(tombstones: Tombstones) -> None:
    tombstones.add(["a" * 32])
    with tombstones.path.open("ab") as file:
        file.write(bytes(10_000))
    assert tombstones.ids() == {"a" * 32}
    tombstones.add(["b" * 32])
    assert tombstones.ids() == {"a" * 32, "b" * 32}
    assert b"\0" not in tombstones.path.read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        b"\n",
        b"garbage\n",
        b'{"id": "' + b"c" * 32 + b'"}\n',
        b'{"id": "' + b"c" * 31 + b'", "erased_at": "2026-01-01T00:00:00+00:00"}\n',
        b'{"id": "' + b"c" * 32 + b'", "erased_at": "2026-01-01T00:00:00"}\n',
        b'{"id": "' + b"c" * 32 + b'", "erased_at": "soon"}\n',
        b'{"id": "' + b"c" * 32 + b'", "erased_at": 5}\n',
        b'{"id": null, "erased_at": "2026-01-01T00:00:00+00:00"}\n',
        b'{"id": "' + b"c" * 32 + b'", "erased_at": "2026-01-01T00:00:00+00:00", "name": "ann"}\n',
        b"[]\n",
        b"7\n",
        b"[" * 100_000 + b"\n",
        b"\xff\xfe\0\n",
    ],
)
def test_damage_that_no_crash_does_is_refused_with_file_and_line(
    tombstones: Tombstones, database: Database, damage: bytes
) -> None:
    tombstones.add(["a" * 32])
    with tombstones.path.open("ab") as file:
        file.write(damage)
    tombstones.add(["b" * 32])
    with pytest.raises(ConfigurationError) as caught:
        tombstones.ids()
    assert f"{tombstones.path}, line 2" in caught.value.message
    with database.read() as session, pytest.raises(ConfigurationError):
        tombstones.missing_from(session)
    with pytest.raises(ConfigurationError), database.write() as session:
        tombstones.sync(session)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for tombstones in (Tombstones(tmp_path / "file" / "list"), Tombstones(tmp_path)):
        with pytest.raises(DependencyUnavailable) as caught:
            tombstones.add(ids_of(1))
        assert caught.value.details == {"dependency": "tombstones"}
        assert str(tombstones.path) in caught.value.message


def test_a_full_disk_is_said_and_loses_nothing(tombstones: Tombstones) -> None:
    """A limit on the size of files stands for the disk: the write is short, as on a full one."""
    tombstones.add(["a" * 32])
    work = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (250, 250))
try:
    Tombstones(Path(sys.argv[1])).add(["b" * 32, "c" * 32])
except DependencyUnavailable as error:
    print(error.message)
"""
    (said,) = run_together(IMPORTS, work, [[str(tombstones.path)]])
    assert "File too large" in said
    assert tombstones.ids() >= {"a" * 32}
    tombstones.add(["d" * 32])
    assert tombstones.ids() >= {"a" * 32, "d" * 32}


IMPORTS = """
import sys, uuid
from pathlib import Path
from bentos.common.errors import DependencyUnavailable
from bentos.common.tombstones import Tombstones
"""


def test_two_processes_append_at_once_and_nothing_is_lost(tombstones: Tombstones) -> None:
    work = f"""
tombstones = Tombstones(Path(sys.argv[1]))
for _ in range({EACH}):
    one = uuid.uuid4().hex
    tombstones.add([one])
    print(one)
"""
    said = run_together(IMPORTS, work, [[str(tombstones.path)]] * 2)
    written = [line for output in said for line in output.split()]
    assert len(set(written)) == 2 * EACH
    assert tombstones.ids() == set(written)
    assert len(tombstones.path.read_text().splitlines()) == 2 * EACH


def test_threads_of_one_process_append_at_once_and_nothing_is_lost(tombstones: Tombstones) -> None:
    pieces = [ids_of(5) for _ in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(tombstones.add, pieces))
    assert tombstones.ids() == {one for piece in pieces for one in piece}


@pytest.mark.parametrize("written", [1, 9, 40, 84, 86, 100])
def test_a_process_killed_in_the_middle_of_a_line_loses_that_line_alone(
    tombstones: Tombstones, written: int
) -> None:
    """The kernel kills it at a byte of our choice: where a file reaches the size that is allowed."""
    tombstones.add(["a" * 32])
    size = tombstones.path.stat().st_size
    program = f"""{IMPORTS}
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, ({size + written}, {size + written}))
Tombstones(Path(sys.argv[1])).add(["b" * 32, "c" * 32])
"""
    done = subprocess.run([sys.executable, "-c", program, str(tombstones.path)], cwd=ROOT, timeout=60)
    assert done.returncode == -signal.SIGXFSZ
    assert tombstones.path.stat().st_size == size + written
    whole = {"a" * 32} | ({"b" * 32} if written >= size - 1 else set())
    assert tombstones.ids() == whole
    tombstones.add(["d" * 32])
    assert tombstones.ids() == whole | {"d" * 32}


def test_what_add_returned_from_outlives_kill_9(tombstones: Tombstones) -> None:
    """Killed again and again while it appends."""
    program = f"""{IMPORTS}
tombstones = Tombstones(Path(sys.argv[1]))
while True:
    some = [uuid.uuid4().hex for _ in range(2000)]
    tombstones.add(some)
    print(*some, flush=True)
"""
    promised: set[str] = set()
    for _ in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", program, str(tombstones.path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline()]
            process.send_signal(signal.SIGKILL)
            lines += process.stdout.readlines()
        promised.update(one for line in lines if line.endswith("\n") for one in line.split())
        assert promised <= tombstones.ids()
        own = ids_of(1)
        tombstones.add(own)
        promised.update(own)
        assert promised <= tombstones.ids()
    assert len(promised) >= KILLS * 2000


def test_a_lock_that_a_dead_process_held_is_free(tombstones: Tombstones) -> None:
    tombstones.add(["a" * 32])
    program = f"""{IMPORTS}
import os, signal
from filelock import FileLock
with FileLock(sys.argv[1] + ".lock"):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program, str(tombstones.path)], cwd=ROOT, timeout=60)
    with FileLock(f"{tombstones.path}.lock", timeout=5):
        pass
    tombstones.add(["b" * 32])
    assert tombstones.ids() == {"a" * 32, "b" * 32}


def rows_of(database: Database) -> dict[str, datetime]:
    with database.read() as session:
        return dict(session.execute(select(Tombstone.id, Tombstone.erased_at)).all())


def test_an_older_database_gets_the_rows(tombstones: Tombstones, database: Database) -> None:
    some = ids_of(1200)
    tombstones.add(some)
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with database.write() as session:
        session.add(Tombstone(id=some[0], erased_at=at))
    with database.read() as session:
        assert tombstones.missing_from(session) == sorted(some[1:])
    before = tombstones.path.read_bytes()
    with database.write() as session:
        tombstones.sync(session)
    rows = rows_of(database)
    assert rows.keys() == set(some)
    assert rows[some[0]] == at
    filed = {line["id"]: line["erased_at"] for line in map(json.loads, before.splitlines())}
    assert rows[some[1]] == datetime.fromisoformat(filed[some[1]])
    assert tombstones.path.read_bytes() == before
    with database.read() as session:
        assert tombstones.missing_from(session) == []


def test_a_new_machine_gets_the_file(tombstones: Tombstones, database: Database) -> None:
    some, at = ids_of(3), datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
    with database.write() as session:
        session.add_all(Tombstone(id=one, erased_at=at) for one in some)
    with database.read() as session:
        assert tombstones.missing_from(session) == []
    with database.write() as session:
        tombstones.sync(session)
    assert tombstones.ids() == set(some)
    lines = [json.loads(line) for line in tombstones.path.read_text().splitlines()]
    assert {datetime.fromisoformat(line["erased_at"]) for line in lines} == {at}


def test_each_gets_what_the_other_has(tombstones: Tombstones, database: Database) -> None:
    filed, row = ids_of(2)
    tombstones.add([filed, filed])
    with database.write() as session:
        session.add(Tombstone(id=row))
    for _ in range(2):
        with database.write() as session:
            tombstones.sync(session)
        assert tombstones.ids() == rows_of(database).keys() == {filed, row}
    assert len(tombstones.path.read_text().splitlines()) == 2


def test_replicas_that_sync_at_once_agree(tombstones: Tombstones, database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    some = ids_of(300)
    tombstones.add(some)
    imports = f"""{IMPORTS}
from pydantic import SecretStr
from bentos.common.database import Database
from bentos.common.settings import DatabaseSettings
database = Database(DatabaseSettings(url=SecretStr(sys.argv[2]), pool_size=2, timeout_s=30))
"""
    work = """
with database.write() as session:
    Tombstones(Path(sys.argv[1])).sync(session)
"""
    run_together(imports, work, [[str(tombstones.path), url]] * 3)
    assert rows_of(database).keys() == set(some)
