"""Chains of audit events, and hands that change them past the triggers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from bentos.common.audit.chain import ChainReport, verify
from bentos.common.audit.trail import Deed, append, head_of
from bentos.common.database import Database


def deed(number: int = 1, **changes: Any) -> Deed:
    """Something that was done."""
    usual: dict[str, Any] = {
        "actor": "ann",
        "role": "operator",
        "action": "subject.enrol",
        "target": {"collection": "staff", "subject": f"person-{number}"},
        "request_id": f"request-{number}",
        "details": {"faces": number},
    }
    return Deed(**{**usual, **changes})


def grow(database: Database, tenant: str = "acme", events: int = 5) -> str:
    """Add events, each in a transaction of its own; the chain's last hash."""
    for number in range(1, events + 1):
        with database.write() as session:
            append(session, tenant, deed(number))
    with database.read() as session:
        return head_of(session, tenant)[1]


def judged(database: Database, tenant: str = "acme", head: str | None = None) -> ChainReport:
    """What is found in a chain."""
    with database.read(snapshot=True) as session:
        return verify(session, tenant, head)


def tamper(database: Database, *statements: str, **values: Any) -> None:
    """Run statements with the triggers away; ``{events}`` and ``{heads}`` stand for the tables."""
    schema = "" if database.embedded else "audit."
    away = (
        ["DROP TRIGGER IF EXISTS events_no_update", "DROP TRIGGER IF EXISTS events_no_delete"]
        if database.embedded
        else ["ALTER TABLE audit.events DISABLE TRIGGER ALL"]
    )
    with database.write() as session:
        for statement in (*away, *statements):
            session.execute(text(statement.format(events=f"{schema}events", heads=f"{schema}heads")), values)
