"""Reading chains: whether anybody changed them, and exports that can be judged without the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from bentos.common.audit.records import NOTHING, end_line, event_of, line_of, read_line
from bentos.common.audit.tables import AuditEvent, AuditHead
from bentos.common.audit.walk import ChainReport, Fault, Walk

__all__ = [
    "ChainReport",
    "Fault",
    "export",
    "export_pages",
    "page_of",
    "tenants_of",
    "verify",
    "verify_all",
    "verify_exports",
    "verify_lines",
]

PAGE = 500
UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What columns and lines raise that somebody else wrote into."""
Pages = Callable[[int], Sequence[AuditEvent]]
"""The events after a number, so many as make a page."""


def verify(session: Session, tenant: str, head: str | None = None) -> ChainReport:
    """Walk a tenant's chain to its end, or to the first fault, in constant memory.

    Args:
        session: Of ``Database.read(snapshot=True)``: events and their end have to be of one moment.
        tenant: Whose chain.
        head: A hash that somebody noted: a chain that was written anew, hashes and all, holds it no more.
    """
    walk = Walk(tenant, head)
    events = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.tenant == tenant)
        .order_by(AuditEvent.seq)
        .execution_options(yield_per=PAGE, populate_existing=True)
    )
    with events:
        try:
            for event in events:
                if not walk.step(event):
                    return walk.report()
        except UNREADABLE:
            return walk.broken("it, or one soon after it, cannot be read")
    end = session.execute(select(AuditHead.seq, AuditHead.hash).where(AuditHead.tenant == tenant)).first()
    walk.end(*(end or (0, NOTHING)))
    return walk.report()


def verify_all(session: Session) -> Iterator[ChainReport]:
    """Every tenant's chain; the session as for ``verify``."""
    for tenant in tenants_of(session):
        yield verify(session, tenant)


def tenants_of(session: Session) -> Iterator[str]:
    """Everybody who has a chain, or whose chain is known to have an end."""
    tenant = _next_tenant(session, None)
    while tenant is not None:
        yield tenant
        tenant = _next_tenant(session, tenant)


def page_of(
    session: Session, tenant: str, after: int, until: int | None = None, limit: int = PAGE
) -> Sequence[AuditEvent]:
    """At most ``limit`` events with numbers above ``after``, up to ``until``, oldest first."""
    wanted = select(AuditEvent).where(AuditEvent.tenant == tenant, AuditEvent.seq > after)
    if until is not None:
        wanted = wanted.where(AuditEvent.seq <= until)
    return session.scalars(wanted.order_by(AuditEvent.seq).limit(limit)).all()


def export(session: Session, tenant: str) -> Iterator[bytes]:
    """A tenant's chain as lines of JSON (NDJSON), oldest first, and a last one that says how it ends."""
    return export_pages(tenant, lambda after: page_of(session, tenant, after))


def export_pages(tenant: str, pages: Pages) -> Iterator[bytes]:
    """The same from pages, each of which may come from a transaction of its own."""
    count, last, head = 0, 0, NOTHING
    while events := pages(last):
        for event in events:
            yield line_of(event)
        count, last, head = count + len(events), events[-1].seq, events[-1].hash
    yield end_line(tenant, count, head)


def verify_lines(lines: Iterable[bytes]) -> ChainReport:
    """Judge one export, from its first line to its last."""
    left = iter(lines)
    report = _verify_export(left)
    if report.fault is None and any(line.strip() for line in left):
        return replace(report, fault=Fault(report.events + 1, "more follows after the export's end"))
    return report


def verify_exports(lines: Iterable[bytes]) -> Iterator[ChainReport]:
    """Judge exports that follow each other, up to the first with a fault."""
    left = (line for line in lines if line.strip())
    for first in left:
        report = _verify_export(chain([first], left))
        yield report
        if report.fault is not None:
            return


def _verify_export(lines: Iterator[bytes]) -> ChainReport:
    walk: Walk | None = None
    for line in filter(bytes.strip, lines):
        try:
            record = read_line(line)
            walk = walk or Walk(str(record.get("tenant")))
            if record.get("end") is True:
                return walk.closed(record)
            if not walk.step(event_of(record)):
                return walk.report()
        except UNREADABLE:
            return (walk or Walk("")).broken("it cannot be read")
    return (walk or Walk("")).broken("it is missing, and so is the line that ends an export")


def _next_tenant(session: Session, after: str | None) -> str | None:
    """The next name in the database's own order, by its indexes: counting all events would take its time."""
    firsts = [
        select(func.min(table.tenant).label("tenant")).where(
            *([] if after is None else [table.tenant > after])
        )
        for table in (AuditEvent, AuditHead)
    ]
    both = union_all(*firsts).subquery()
    first: str | None = session.scalar(select(func.min(both.c.tenant)))
    return first
