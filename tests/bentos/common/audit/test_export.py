"""Exports can be judged by whoever holds the file, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from chains import deed, grow, judged
from hypothesis import given
from hypothesis import strategies as st

from bentos.common.audit import chain as chains
from bentos.common.audit.chain import ChainReport, Fault, export, verify_exports, verify_lines
from bentos.common.audit.records import NOTHING
from bentos.common.audit.trail import append
from bentos.common.database import Database

Change = Callable[[list[bytes]], Iterable[bytes]]


@pytest.fixture
def lines(database: Database) -> list[bytes]:
    grow(database, events=4)
    with database.write() as session:
        append(session, "acme", deed(5, actor="Ünï \u2028 😀", target={"z": [1.5, None], "a": "\n"}))
    return exported(database)


def exported(database: Database, tenant: str = "acme") -> list[bytes]:
    with database.read(snapshot=True) as session:
        return list(export(session, tenant))


def edited(line: bytes, **changes: Any) -> bytes:
    return json.dumps({**json.loads(line), **changes}).encode() + b"\n"


def test_a_sound_export(database: Database, lines: list[bytes]) -> None:
    report = judged(database)
    assert verify_lines(lines) == report == ChainReport("acme", 5, report.head, None)
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    assert [json.loads(line)["seq"] for line in lines[:-1]] == [1, 2, 3, 4, 5]
    assert json.loads(lines[-1]) == {"end": True, "events": 5, "head": report.head, "tenant": "acme"}


def test_anybody_can_compute_the_hash_of_a_line(lines: list[bytes]) -> None:
    """Without any of this program: as the documentation says."""
    names = [*("tenant", "seq", "at", "actor", "role", "action"), *("target", "request_id", "outcome")]
    names += ["details", "previous"]
    previous = NOTHING
    for line in lines[:-1]:
        event = json.loads(line)
        assert event.keys() == {*names, "hash"}
        text = json.dumps(
            [event[name] for name in names], sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        assert event["hash"] == hashlib.sha256(text.encode()).hexdigest()
        assert event["previous"] == previous
        previous = event["hash"]


def test_an_export_without_events(database: Database) -> None:
    lines = exported(database, "nobody")
    assert [json.loads(line) for line in lines] == [
        {"end": True, "events": 0, "head": NOTHING, "tenant": "nobody"}
    ]
    assert verify_lines(lines) == ChainReport("nobody", 0, NOTHING, None)


def test_an_export_of_several_pages(database: Database) -> None:
    head = grow(database, events=12)
    with database.read(snapshot=True) as session:
        pages = chains.export_pages("acme", lambda after: chains.page_of(session, "acme", after, limit=5))
        assert verify_lines(pages) == ChainReport("acme", 12, head, None)
        until = chains.export_pages("acme", lambda after: chains.page_of(session, "acme", after, 7, limit=7))
        assert verify_lines(until).events == 7


MISSING_END = "it is missing, and so is the line that ends an export"
CHANGED = "it was changed after it was written"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda ls: [], Fault(1, MISSING_END)),
        (lambda ls: ls[:-1], Fault(6, MISSING_END)),
        (lambda ls: ls[:2], Fault(3, MISSING_END)),
        (lambda ls: ls[:3] + ls[-1:], Fault(4, "it is missing: there were 5 events")),
        (lambda ls: ls[-1:], Fault(1, "it is missing: there were 5 events")),
        (lambda ls: ls[1:], Fault(1, "it is missing: the chain begins with event 2")),
        (lambda ls: ls[:2] + ls[3:], Fault(3, "it is missing: event 4 follows")),
        (lambda ls: [ls[0], ls[2], ls[1], *ls[3:]], Fault(2, "it is missing: event 3 follows")),
        (lambda ls: [*ls[:2], ls[1], *ls[2:]], Fault(3, "event 2 stands in its place")),
        (lambda ls: [*ls, ls[0]], Fault(6, "more follows after the export's end")),
        (lambda ls: [*ls, b"x"], Fault(6, "more follows after the export's end")),
        (lambda ls: [ls[0], edited(ls[1], actor="bob"), *ls[2:]], Fault(2, CHANGED)),
        (lambda ls: [ls[0], edited(ls[1], seq=2.0), *ls[2:]], Fault(2, CHANGED)),
        (lambda ls: [edited(ls[0], seq=True), *ls[1:]], Fault(1, CHANGED)),
        (lambda ls: [ls[0], edited(ls[1], actor=7), *ls[2:]], Fault(2, CHANGED)),
        (lambda ls: [ls[0], edited(ls[1], at="2026-01-01T00:00:00.000000Z"), *ls[2:]], Fault(2, CHANGED)),
        (lambda ls: [ls[0], edited(ls[1], tenant="b"), *ls[2:]], Fault(2, "it belongs to another tenant")),
        (lambda ls: [ls[0], edited(ls[1], seq="x"), *ls[2:]], Fault(2, "it cannot be read")),
        (lambda ls: [ls[0], edited(ls[1], at="2026-01-01"), *ls[2:]], Fault(2, "it cannot be read")),
        (lambda ls: [ls[0], edited(ls[1], at=None), *ls[2:]], Fault(2, "it cannot be read")),
        (lambda ls: [ls[0], edited(ls[1], note="more"), *ls[2:]], Fault(2, "it cannot be read")),
        (lambda ls: [ls[0], b'{"actor":"bob",' + ls[1][1:], *ls[2:]], Fault(2, "it cannot be read")),
        (lambda ls: [ls[0], ls[1][:-9], *ls[2:]], Fault(2, "it cannot be read")),
        (lambda ls: [ls[0], b"[]\n", *ls[2:]], Fault(2, "it cannot be read")),
        (lambda ls: [ls[0], b"\xff\xfe\n", *ls[2:]], Fault(2, "it cannot be read")),
        (lambda ls: [ls[0], b"[" * 100_000 + b"\n", *ls[2:]], Fault(2, "it cannot be read")),
        (lambda ls: [ls[0], b"9" * 100_000 + b"\n", *ls[2:]], Fault(2, "it cannot be read")),
        (lambda ls: [*ls[:-1], edited(ls[-1], events=6)], Fault(6, "it is missing: there were 6 events")),
        (
            lambda ls: [*ls[:-1], edited(ls[-1], events=4)],
            Fault(5, "the chain was known to end before it, with event 4"),
        ),
        (
            lambda ls: [*ls[:-1], edited(ls[-1], head=NOTHING)],
            Fault(5, "it is not the one with which the chain was known to end"),
        ),
        (lambda ls: [*ls[:-1], b'{"end": true}\n'], Fault(6, "it cannot be read")),
        (lambda ls: [*ls[:-1], edited(ls[-1], events="5")], Fault(6, "it cannot be read")),
        (lambda ls: [*ls[:-1], edited(ls[-1], tenant="b")], Fault(6, "the export ends as another tenant's")),
        (lambda ls: [*ls[:-1], edited(ls[-1], end=1)], Fault(6, "it cannot be read")),
        (lambda ls: [*ls[:2], ls[-1], *ls[2:]], Fault(3, "it is missing: there were 5 events")),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_changed_export(lines: list[bytes], change: Change, fault: Fault) -> None:
    assert verify_lines(change(lines)).fault == fault


@pytest.mark.parametrize(
    "change",
    [
        lambda ls: [line.replace(b"\n", b"\r\n") for line in ls],
        lambda ls: [b"\n", *ls, b"\n", b"  \n"],
        lambda ls: [*ls[:-1], ls[-1][:-1]],
        lambda ls: [json.dumps(json.loads(line), indent=None).encode() + b"\n" for line in ls],
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_an_editor_does_to_a_file_is_no_fault(lines: list[bytes], change: Change) -> None:
    assert verify_lines(change(lines)).fault is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_byte_counts(lines: list[bytes]) -> None:
    """But for those that JSON does not care about; none of them is in an export."""
    text = b"".join(lines)

    @given(st.integers(0, len(text) - 2), st.integers(1, 255))
    def check(place: int, other: int) -> None:
        changed = bytearray(text)
        changed[place] ^= other
        report = verify_lines(bytes(changed).splitlines(keepends=True))
        same = [_parsed(line) for line in bytes(changed).split(b"\n")] == [
            _parsed(line) for line in text.split(b"\n")
        ]
        assert report.fault is not None or same

    check()


@pytest.mark.parametrize(("written", "otherwise"), [(b"T", b"U"), (b"T", b" "), (b'Z"', b'+00:00"')])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_time_is_written_in_one_way(lines: list[bytes], written: bytes, otherwise: bytes) -> None:
    key, _, rest = lines[0].partition(b'"at":"')
    changed = key + b'"at":"' + rest.replace(written, otherwise, 1)
    assert changed != lines[0]
    assert verify_lines([changed, *lines[1:]]).fault is not None


def _parsed(line: bytes) -> object:
    try:
        return json.loads(line) if line.strip() else None
    except ValueError:
        return line


def test_exports_of_several_tenants_in_one_file(database: Database) -> None:
    for tenant in ("a", "b", "c"):
        grow(database, tenant, 2)
    lines = [line for tenant in ("a", "b", "c") for line in exported(database, tenant)]
    reports = list(verify_exports(lines))
    assert [(report.tenant, report.events, report.fault) for report in reports] == [
        ("a", 2, None),
        ("b", 2, None),
        ("c", 2, None),
    ]
    reports = list(verify_exports(lines[:4] + lines[5:]))
    assert [report.fault for report in reports] == [None, Fault(2, "it is missing: there were 2 events")]
    reports = list(verify_exports(lines[:2] + lines[3:]))
    assert [report.fault for report in reports] == [Fault(3, "it belongs to another tenant")]
    assert list(verify_exports([b"\n"])) == []
