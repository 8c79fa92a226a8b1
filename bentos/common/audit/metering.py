"""What ``/metrics`` tells of audit chains."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bentos.common.audit.checks import EVERYBODY
from bentos.common.audit.tables import AuditHead, ChainCheck
from bentos.common.gauges import Gauges


def audit_gauges() -> Gauges:
    """``audit_*``."""
    return Gauges(
        {
            "audit_chains_broken": "Tenants whose audit chain was broken when it was last checked",
            "audit_events": "Events in all audit chains",
            "audit_chains_checked_timestamp_seconds": "When all audit chains were last checked; 0: never",
        },
        _read,
    )


def _read(session: Session) -> Mapping[str, float]:
    broken = select(func.count()).select_from(ChainCheck).where(ChainCheck.fault.is_not(None))
    checked = session.scalar(select(ChainCheck.checked_at).where(ChainCheck.tenant == EVERYBODY))
    return {
        "audit_chains_broken": session.scalar(broken) or 0,
        # Numbers of events have no gaps, so nobody has to count rows.
        "audit_events": float(session.scalar(select(func.sum(AuditHead.seq))) or 0),
        "audit_chains_checked_timestamp_seconds": checked.timestamp() if checked else 0,
    }
