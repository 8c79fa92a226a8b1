"""Audit: what an administrator reads of the chain of events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bentos.contracts.base import Message


class AuditEventInfo(Message):
    """Who did what, when, and how it ended.

    ``hash`` is taken over everything else, ``previous`` included, which is the hash of the event before: whoever
    changes an event has to change all that follow.
    """

    tenant: str
    seq: int
    at: datetime
    actor: str
    role: str
    action: str
    target: dict[str, Any]
    request_id: str
    outcome: str
    details: dict[str, Any]
    previous: str
    hash: str


class AuditPage(Message):
    """Events, newest last; ``next_cursor`` is null on the last page."""

    events: list[AuditEventInfo]
    next_cursor: str | None


class AuditExportEnd(Message):
    """The last line of an export; without it the export was cut off. The lines before are events."""

    end: bool
    events: int
    head: str
    tenant: str
