"""Runs of backups: the last one by its end, each kind for itself, and none twice."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select

from bentos.common.backups import BackupRun, last, note
from bentos.common.database import Database
from bentos.common.database.tables import BackupNote

AT = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def run_of(name: str, hours: float = 0, size: int = 1000) -> BackupRun:
    began = AT + timedelta(hours=hours)
    return BackupRun("backup", name, began, began + timedelta(minutes=5), size)


def noted(database: Database, *runs: BackupRun) -> None:
    for run in runs:
        with database.write() as session:
            note(session, run)


def last_of(database: Database) -> tuple[BackupRun | None, BackupRun | None]:
    with database.read() as session:
        return last(session, "backup"), last(session, "drill")


def test_there_is_none_at_first(database: Database) -> None:
    assert last_of(database) == (None, None)


def test_the_last_is_the_one_that_finished_last_however_it_is_called(database: Database) -> None:
    newest = run_of("a", hours=2)
    noted(database, run_of("z"), newest, run_of("m", hours=1))
    assert last_of(database) == (newest, None)
    long = replace(run_of("long", hours=-20), finished_at=AT + timedelta(hours=9))
    noted(database, long)
    assert last_of(database)[0] == long


def test_a_drill_is_no_backup_and_may_be_of_the_same_one(database: Database) -> None:
    made, tried = run_of("a"), replace(run_of("a", hours=3), kind="drill")
    noted(database, made, tried)
    assert last_of(database) == (made, tried)


def test_the_same_again_takes_its_place(database: Database) -> None:
    again = run_of("a", hours=1, size=7)
    noted(database, run_of("a"), again)
    assert last_of(database)[0] == again
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(BackupNote)) == 1


def test_sizes_and_zones_come_back_as_the_same_moments(database: Database) -> None:
    east = timezone(timedelta(hours=9))
    run = BackupRun("backup", "x" * 128, AT.astimezone(east), AT + timedelta(microseconds=1), 2**50)
    noted(database, run)
    found, _ = last_of(database)
    assert found == run
    assert found is not None
    assert found.started_at.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="without a zone"):
        noted(database, replace(run_of("a"), finished_at=AT.replace(tzinfo=None)))
    assert last_of(database) == (None, None)


def test_what_is_undone_was_not_noted(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            note(session, run_of("a"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert last_of(database) == (None, None)


def test_many_at_once_note_the_same_one(database: Database) -> None:
    gate, faults = threading.Barrier(6), []

    def work(size: int) -> None:
        try:
            gate.wait(30)
            noted(database, run_of("a", size=size))
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(size,)) for size in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(BackupNote)) == 1
