"""Adding to a tenant's chain of events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import String
from sqlalchemy.orm import Session

from bentos.common.audit.guard import fitted, plain
from bentos.common.audit.records import NOTHING, digest
from bentos.common.audit.tables import AuditEvent, AuditHead
from bentos.common.database.base import now
from bentos.common.database.conflicts import insert_if_absent
from bentos.common.tenants import require_name


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did.

    Attributes:
        actor: The subject of the caller's token, or the name of a job.
        role: The role in which it was done.
        action: What, such as ``subject.erase``.
        target: To what: names, never what a face looks like.
        request_id: Of the request; empty where there was none.
        outcome: ``ok``, or a code of the error.
        details: Counts and reasons.
    """

    actor: str
    role: str
    action: str
    target: Mapping[str, Any]
    request_id: str
    outcome: str = "ok"
    details: Mapping[str, Any] = field(default_factory=dict)


def append(session: Session, tenant: str, deed: Deed) -> None:
    """Add an event to a tenant's chain, inside the caller's transaction: it stands if the deed stands.

    The tenant's chain stays locked until the transaction ends, so this comes last in it. Text that is too long
    is cut.

    Raises:
        InvalidRequest: The tenant's name cannot be one.
        ValueError: ``target`` or ``details`` hold more than an event is for; see ``guard``.
    """
    require_name(tenant)
    target, details = plain(deed.target), plain(deed.details)
    head = _locked_head(session, tenant)
    event = AuditEvent(
        tenant=tenant,
        seq=head.seq + 1,
        at=now(),
        actor=_fitted("actor", deed.actor),
        role=_fitted("role", deed.role),
        action=_fitted("action", deed.action),
        target=target,
        request_id=_fitted("request_id", deed.request_id),
        outcome=_fitted("outcome", deed.outcome),
        details=details,
        previous=head.hash,
    )
    event.hash = digest(event)
    head.seq, head.hash = event.seq, event.hash
    session.add(event)
    session.flush()


def head_of(session: Session, tenant: str) -> tuple[int, str]:
    """Number and hash of the last event; 0 and zeros where there is none."""
    head = session.get(AuditHead, tenant, populate_existing=True)
    return (0, NOTHING) if head is None else (head.seq, head.hash)


def _locked_head(session: Session, tenant: str) -> AuditHead:
    head = session.get(AuditHead, tenant, with_for_update=True, populate_existing=True)
    if head is None:
        insert_if_absent(session, AuditHead, tenant=tenant, seq=0, hash=NOTHING)
        head = session.get_one(AuditHead, tenant, with_for_update=True, populate_existing=True)
    return head


def _fitted(column: str, text: str) -> str:
    kind = cast(String, AuditEvent.__table__.c[column].type)
    assert kind.length is not None
    return fitted(text, kind.length)
