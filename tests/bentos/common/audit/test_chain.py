"""Every way to change a chain is found, whoever had the database in his hands."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from chains import deed, grow, judged, tamper
from sqlalchemy import select

from bentos.common.audit.chain import ChainReport, Fault, verify, verify_all
from bentos.common.audit.records import NOTHING, digest
from bentos.common.audit.tables import AuditEvent, AuditHead
from bentos.common.audit.trail import append
from bentos.common.database import Database, now


def event(seq: int, previous: str, tenant: str = "acme", **changes: Any) -> AuditEvent:
    """An event with a sound hash, as a forger would make it who read the documentation."""
    usual: dict[str, Any] = {
        "actor": "mallory",
        "role": "admin",
        "action": "subject.erase",
        "target": {},
        "request_id": "",
        "outcome": "ok",
        "details": {},
    }
    made = AuditEvent(tenant=tenant, seq=seq, at=now(), previous=previous, **{**usual, **changes})
    made.hash = digest(made)
    return made


def rewrite(database: Database, since: int) -> None:
    """Give all events from one on new actors and new hashes, and the head too: a chain without a flaw."""
    with database.write() as session:
        found = list(session.scalars(select(AuditEvent).order_by(AuditEvent.seq)))
        previous = found[since - 2].hash if since > 1 else NOTHING
        for one in found[since - 1 :]:
            one.actor, one.previous = "mallory", previous
            one.hash = previous = digest(one)
        session.get_one(AuditHead, "acme").hash = previous


def test_a_sound_chain(database: Database) -> None:
    head = grow(database)
    assert judged(database) == ChainReport("acme", 5, head, None)
    assert judged(database, head=head).fault is None


def test_a_tenant_without_events(database: Database) -> None:
    assert judged(database) == ChainReport("acme", 0, NOTHING, None)
    assert judged(database, head=NOTHING).fault is None
    assert judged(database, head="f" * 64).fault is not None


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'bob'",
        "role = 'viewer'",
        "action = 'x'",
        "request_id = ''",
        "outcome = 'NO_FACE'",
        "previous = hash",
        "hash = previous",
        "target = '{{}}'",
        'target = \'{{"collection": "staff", "subject": "person-3 "}}\'',
        "details = '{{\"faces\": 3.0}}'",
        'details = \'{{"faces": "3"}}\'',
        'details = \'{{"faces": 3, "more": null}}\'',
        "details = 'null'",
        "at = '2026-01-01 00:00:00.000000'",
    ],
)
def test_a_changed_column(database: Database, change: str) -> None:
    grow(database)
    tamper(database, f"UPDATE {{events}} SET {change} WHERE seq = 3")
    assert judged(database).fault == Fault(3, "it was changed after it was written")
    assert judged(database).events == 2


@pytest.mark.parametrize("seq", [1, 5])
def test_a_change_at_either_end(database: Database, seq: int) -> None:
    grow(database)
    tamper(database, f"UPDATE {{events}} SET outcome = 'NO_FACE' WHERE seq = {seq}")
    assert judged(database).fault == Fault(seq, "it was changed after it was written")


def test_what_changes_nothing_is_no_fault(database: Database) -> None:
    """JSON may be written in several ways."""
    grow(database)
    tamper(
        database,
        'UPDATE {events} SET target = \' {{"subject":"person-\\u0033" ,"collection":"staff"}}\' WHERE seq = 3',
    )
    assert judged(database).fault is None


def test_one_microsecond_is_a_change(database: Database) -> None:
    grow(database)
    with database.read() as session:
        moved = session.get_one(AuditEvent, ("acme", 2)).at.replace(microsecond=7)
    text = moved.strftime("%Y-%m-%d %H:%M:%S.%f") + ("" if database.embedded else "+00")
    tamper(database, "UPDATE {events} SET at = :at WHERE seq = 2", at=text)
    assert judged(database).fault == Fault(2, "it was changed after it was written")


@pytest.mark.parametrize(
    ("removed", "fault"),
    [
        ("seq = 3", Fault(3, "it is missing: event 4 follows")),
        ("seq IN (2, 3)", Fault(2, "it is missing: event 4 follows")),
        ("seq = 1", Fault(1, "it is missing: the chain begins with event 2")),
        ("seq < 5", Fault(1, "it is missing: the chain begins with event 5")),
        ("seq = 5", Fault(5, "it is missing: there were 5 events")),
        ("seq > 2", Fault(3, "it is missing: there were 5 events")),
        ("seq > 0", Fault(1, "it is missing: there were 5 events")),
    ],
)
def test_removed_events(database: Database, removed: str, fault: Fault) -> None:
    grow(database)
    tamper(database, f"DELETE FROM {{events}} WHERE {removed}")
    assert judged(database).fault == fault
    assert judged(database).events == fault.seq - 1


def test_removed_events_with_the_others_moved_up(database: Database) -> None:
    grow(database)
    tamper(
        database,
        "DELETE FROM {events} WHERE seq = 3",
        "UPDATE {events} SET seq = 3 WHERE seq = 4",
        "UPDATE {events} SET seq = 4 WHERE seq = 5",
        "UPDATE {heads} SET seq = 4",
    )
    assert judged(database).fault == Fault(3, "it was changed after it was written")


def test_events_in_another_order(database: Database) -> None:
    grow(database)
    tamper(
        database,
        "UPDATE {events} SET seq = 9 WHERE seq = 2",
        "UPDATE {events} SET seq = 2 WHERE seq = 3",
        "UPDATE {events} SET seq = 3 WHERE seq = 9",
    )
    assert judged(database).fault == Fault(2, "it was changed after it was written")


def test_events_that_are_sound_alone_and_do_not_follow_on_each_other(database: Database) -> None:
    grow(database)
    tamper(database, "DELETE FROM {events} WHERE seq = 3")
    with database.write() as session:
        session.add(event(3, previous="f" * 64))
    assert judged(database).fault == Fault(3, "it does not follow on the event before it")


def test_a_fork_is_found_where_it_begins(database: Database) -> None:
    grow(database)
    with database.read() as session:
        second = session.get_one(AuditEvent, ("acme", 2))
    tamper(database, "DELETE FROM {events} WHERE seq = 3")
    with database.write() as session:
        session.add(event(3, previous=second.hash))
    assert judged(database).fault == Fault(4, "it does not follow on the event before it")


def test_events_after_the_known_end(database: Database) -> None:
    head = grow(database)
    with database.write() as session:
        session.add(event(6, previous=head))
    assert judged(database).fault == Fault(6, "the chain was known to end before it, with event 5")


def test_a_last_event_that_was_exchanged(database: Database) -> None:
    grow(database)
    with database.read() as session:
        fourth = session.get_one(AuditEvent, ("acme", 4))
    tamper(database, "DELETE FROM {events} WHERE seq = 5")
    with database.write() as session:
        session.add(event(5, previous=fourth.hash))
    assert judged(database).fault == Fault(5, "it is not the one with which the chain was known to end")


def test_a_known_end_that_was_removed(database: Database) -> None:
    grow(database)
    tamper(database, "DELETE FROM {heads}")
    assert judged(database).fault == Fault(1, "the chain was known to end before it, with event 0")


@pytest.mark.parametrize("since", [1, 3, 5])
def test_a_chain_that_was_written_anew_lacks_a_hash_that_was_noted(database: Database, since: int) -> None:
    head = grow(database)
    tamper(database)
    rewrite(database, since)
    assert judged(database).fault is None, "it has no flaw of its own"
    report = judged(database, head=head)
    assert report.events == 5
    assert report.fault == Fault(
        5, "no event up to it has the hash that was noted: the chain was written anew"
    )


def test_a_hash_noted_earlier_is_found_in_the_middle(database: Database) -> None:
    noted = grow(database, events=3)
    grow(database, events=2)
    assert judged(database, head=noted).fault is None
    tamper(database)
    rewrite(database, 4)
    assert judged(database, head=noted).fault is None, "what was noted still stands"


def test_a_chain_cut_together_with_its_known_end_lacks_the_noted_hash(database: Database) -> None:
    head = grow(database)
    with database.read() as session:
        third = session.get_one(AuditEvent, ("acme", 3))
    tamper(
        database,
        "DELETE FROM {events} WHERE seq > 3",
        "UPDATE {heads} SET seq = 3, hash = :hash",
        hash=third.hash,
    )
    assert judged(database).fault is None
    assert judged(database, head=head).fault is not None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "change",
    [
        "target = '{{'",
        "details = ''",
        "details = x'ff'",
        "at = 'soon'",
        "at = 5",
        "actor = x'ff00'",
        "hash = 7",
        "details = '" + "[" * 5_000 + "]" * 5_000 + "'",
        "details = '[" + "9" * 5_000 + "]'",
        "details = '{{\"a\": NaN}}'",
        'details = \'{{"a": "\\ud800"}}\'',
        "seq = 'three'",
        "tenant = 'other'",
    ],
)
def test_what_cannot_be_read_is_a_fault_and_no_crash(database: Database, change: str) -> None:
    """SQLite keeps anything in any column."""
    grow(database)
    tamper(database, f"UPDATE {{events}} SET {change} WHERE seq = 3")
    assert judged(database).fault is not None
    with database.read(snapshot=True) as session:
        reports = {report.tenant: report for report in verify_all(session)}
    assert reports["acme"].fault is not None


def test_all_tenants_one_after_the_other(database: Database) -> None:
    for tenant in ("zebra", "acme", "Über", "Zoo", "a b"):
        grow(database, tenant, 2)
    tamper(
        database, "DELETE FROM {events} WHERE tenant = 'zebra'", "DELETE FROM {heads} WHERE tenant = 'Zoo'"
    )
    with database.read(snapshot=True) as session:
        found = {report.tenant: report.fault for report in verify_all(session)}
    assert found == {
        "acme": None,
        "a b": None,
        "Über": None,
        "zebra": Fault(1, "it is missing: there were 2 events"),
        "Zoo": Fault(1, "the chain was known to end before it, with event 0"),
    }


def test_no_tenants(database: Database) -> None:
    with database.read(snapshot=True) as session:
        assert list(verify_all(session)) == []


def test_a_chain_that_grows_meanwhile_is_judged_as_it_was(database: Database) -> None:
    head = grow(database)
    with database.read(snapshot=True) as session:
        session.execute(select(AuditHead)).all()
        grow(database)
        grow(database, "another")
        assert list(verify_all(session)) == [ChainReport("acme", 5, head, None)]


def test_a_long_chain_needs_no_more_memory_than_a_short_one(database: Database) -> None:
    def build(tenant: str, events: int) -> None:
        with database.write() as session:
            previous = NOTHING
            for seq in range(1, events + 1):
                one = event(seq, previous, tenant, details={"text": f"{seq:04} " * 40})
                session.add(one)
                previous = one.hash
            session.add(AuditHead(tenant=tenant, seq=events, hash=previous))

    def peak(tenant: str, events: int) -> int:
        tracemalloc.start()
        report = judged(database, tenant)
        taken = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (report.events, report.fault) == (events, None)
        return taken

    build("short", 1_000)
    build("long", 6_000)
    judged(database, "short")  # what is loaded once
    assert peak("long", 6_000) < 1.3 * peak("short", 1_000)


def test_reading_back_in_the_transaction_that_appended(database: Database) -> None:
    with database.write() as session:
        append(session, "acme", deed())
        assert verify(session, "acme").events == 1
