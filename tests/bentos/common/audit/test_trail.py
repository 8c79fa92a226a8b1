"""Appending: one chain a tenant, in the caller's transaction, whoever else appends."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from chains import deed, grow, judged
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from together import run_together

from bentos.common.audit.records import NOTHING, digest
from bentos.common.audit.tables import AuditEvent, AuditHead
from bentos.common.audit.trail import append, head_of
from bentos.common.auth import Role
from bentos.common.database import Database
from bentos.common.errors import InvalidRequest

IMPORTS = """
import sys
from pydantic import SecretStr
from bentos.common.audit.trail import Deed, append
from bentos.common.database import Database
from bentos.common.settings import DatabaseSettings
"""
APPENDING = """
database = Database(DatabaseSettings(url=SecretStr(sys.argv[1]), pool_size=2, timeout_s=60))
for number in range(int(sys.argv[2])):
    with database.write() as session:
        append(session, "acme", Deed("job", "admin", "retention", {"subject": str(number)}, ""))
"""


def events(database: Database, tenant: str = "acme") -> list[AuditEvent]:
    with database.read() as session:
        wanted = select(AuditEvent).where(AuditEvent.tenant == tenant).order_by(AuditEvent.seq)
        return list(session.scalars(wanted))


def kept(database: Database, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Target and details of an event as they come back."""
    with database.write() as session:
        append(session, "acme", deed(target=values, details=values))
    found = events(database)[-1]
    assert found.hash == digest(found)
    return found.target, found.details


def test_events_form_a_chain(database: Database) -> None:
    head = grow(database, events=3)
    first, second, third = events(database)
    assert [event.seq for event in (first, second, third)] == [1, 2, 3]
    assert first.previous == NOTHING
    assert (second.previous, third.previous, head) == (first.hash, second.hash, third.hash)
    assert (first.actor, first.role, first.action, first.outcome) == (
        "ann",
        "operator",
        "subject.enrol",
        "ok",
    )
    assert first.target == {"collection": "staff", "subject": "person-1"}
    assert first.details == {"faces": 1}


def test_the_hash_is_the_documented_one(database: Database) -> None:
    with database.write() as session:
        append(
            session,
            "acmé",
            deed(actor="Ann 😀", role=Role.ADMIN, target={"z": 1, "a": ['"', None]}, details={"x": 0.1}),
        )
    (event,) = events(database, "acmé")
    at = event.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    written = (
        f'["acmé",1,"{at}","Ann 😀","admin","subject.enrol",'
        '{"a":["\\"",null],"z":1},"request-1","ok",{"x":0.1},"' + "0" * 64 + '"]'
    )
    assert event.hash == hashlib.sha256(written.encode()).hexdigest()


def test_each_tenant_has_a_chain_of_its_own(database: Database) -> None:
    grow(database, "acme", 2)
    grow(database, "Acme", 1)
    grow(database, "äcme", 1)
    assert [len(events(database, name)) for name in ("acme", "Acme", "äcme")] == [2, 1, 1]
    for tenant in ("acme", "Acme", "äcme"):
        assert judged(database, tenant).fault is None


def test_several_events_in_one_transaction(database: Database) -> None:
    with database.write() as session:
        for number in range(4):
            append(session, "acme", deed(number))
            append(session, "other", deed(number))
    assert judged(database).events == judged(database, "other").events == 4
    assert judged(database).fault is None


def test_what_is_undone_leaves_no_event(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            append(session, "acme", deed())
            append(session, "new", deed())
            raise KeyError

    head = grow(database, events=1)
    with pytest.raises(KeyError):
        fail()
    assert judged(database, head=head).events == 1
    assert judged(database, "new").head == NOTHING
    grow(database, events=1)
    assert judged(database).fault is None


def test_what_is_undone_within_a_transaction_leaves_no_event(database: Database) -> None:
    with database.write() as session:
        append(session, "acme", deed(1))
        inner = session.begin_nested()
        append(session, "acme", deed(2))
        inner.rollback()
        append(session, "acme", deed(3))
    assert [event.request_id for event in events(database)] == ["request-1", "request-3"]
    assert judged(database).fault is None


def test_threads_and_processes_append_to_one_chain_without_a_gap_or_a_fork(database: Database) -> None:
    barrier, faults = threading.Barrier(8), []

    def add() -> None:
        try:
            barrier.wait(30)
            grow(database, events=10)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    url = database.url.render_as_string(hide_password=False)
    run_together(IMPORTS, APPENDING, [[url, "40"]] * 2)
    report = judged(database)
    assert (report.events, report.fault) == (160, None)
    assert len({event.previous for event in events(database)}) == 160


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_tenants_do_not_wait_for_each_other(database: Database) -> None:
    with database.write() as session:
        append(session, "acme", deed())
        grow(database, "other", 2)
    assert judged(database, "other").events == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {events} SET actor = 'bob'",
        "UPDATE {events} SET seq = seq + 100",
        "UPDATE {events} SET actor = actor WHERE seq = 2",
        "DELETE FROM {events}",
        "DELETE FROM {events} WHERE seq = 3",
    ],
)
def test_triggers_refuse_every_change(database: Database, change: str) -> None:
    grow(database, events=3)
    table = "events" if database.embedded else "audit.events"
    with pytest.raises(DBAPIError, match="never changed"), database.write() as session:
        session.execute(text(change.format(events=table)))
    assert judged(database).events == 3


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("change", ["TRUNCATE audit.events", "TRUNCATE audit.events CASCADE"])
def test_triggers_refuse_to_empty_the_table(database: Database, change: str) -> None:
    grow(database, events=3)
    with pytest.raises(DBAPIError, match="never changed"), database.write() as session:
        session.execute(text(change))
    assert judged(database).events == 3


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_replacing_a_row_is_refused_too(database: Database) -> None:
    grow(database, events=1)
    with pytest.raises(DBAPIError, match="never changed"), database.write() as session:
        session.execute(text("INSERT OR REPLACE INTO events SELECT * FROM events"))
    assert judged(database).fault is None


def test_text_that_is_too_long_is_cut_and_never_fails(database: Database) -> None:
    monster = "😀\x00\ud800" * 500
    with database.write() as session:
        append(
            session,
            "acme",
            deed(actor=monster, role=monster, action=monster, request_id=monster, outcome=monster),
        )
    (event,) = events(database)
    assert [len(text) for text in (event.actor, event.role, event.action, event.outcome)] == [200, 32, 64, 64]
    assert len(event.request_id) == 128
    assert all(text.endswith("…") for text in (event.actor, event.role, event.action, event.request_id))
    assert judged(database).fault is None


@pytest.mark.parametrize("name", ["", "a" * 201, "a\x00b", "a\nb", "\x1b[31m", "\ud800"])
def test_no_chain_for_what_is_no_tenants_name(database: Database, name: str) -> None:
    """Nor is the name cut: two tenants would share a chain."""
    with pytest.raises(InvalidRequest), database.write() as session:
        append(session, name, deed())
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(AuditHead)) == 0


def test_what_is_no_event_is_refused_before_anything_is_written(database: Database) -> None:
    for wrong in ({"target": {"face": b"bytes"}}, {"details": {"embedding": [0.5] * 512}}):
        with pytest.raises(ValueError, match="audit event"), database.write() as session:
            append(session, "acme", deed(**wrong))
    with database.read() as session:
        assert head_of(session, "acme") == (0, NOTHING)


@pytest.mark.parametrize(
    "values",
    [
        {"unicode": "é e\u0301 😀 \u2028 ‮ 日本", "日本": '\\u0041 " \\ / \b'},
        {"floats": [0.1, -0.0, 1e22, 5e-324, 1.7976931348623157e308, 1.0, 123456789.123456789]},
        {"integers": [2**53 + 1, 2**63, 2**64 - 1, -(2**63), 0]},
        {"kinds": [True, 1, 1.0, "1", None], "order": {"b": 1, "a": 2, "ä": 3, "B": 4}},
        {"\ue000": 1, "\U00010000": 2, "": 3},
        {},
    ],
)
def test_values_come_back_as_they_were_hashed(database: Database, values: dict[str, Any]) -> None:
    assert repr(kept(database, values)) == repr((values, values))
    assert judged(database).fault is None


LEAVES = st.one_of(
    st.text(max_size=20),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
)
VALUES = st.dictionaries(
    st.text(max_size=8),
    LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(st.text(), LEAVES, max_size=2),
    max_size=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=VALUES)
def test_any_values_come_back_as_they_were_hashed(database: Database, values: dict[str, Any]) -> None:
    kept(database, values)
    assert judged(database).fault is None
