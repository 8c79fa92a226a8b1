"""Who does something, for the audit chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bentos.common.audit.trail import Deed, append
from bentos.common.database import Database


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf something is done."""

    tenant: str
    subject: str
    role: str
    request_id: str

    def deed(
        self,
        action: str,
        target: Mapping[str, Any],
        outcome: str = "ok",
        details: Mapping[str, Any] | None = None,
    ) -> Deed:
        """An event for the audit chain."""
        return Deed(self.subject, self.role, action, target, self.request_id, outcome, details or {})


@dataclass(frozen=True, slots=True)
class Audited:
    """Notes what became of an action that changed nothing in the database, in a transaction of its own."""

    database: Database
    caller: Caller
    action: str
    target: Mapping[str, Any]
    details: dict[str, Any] = field(default_factory=dict)

    def note(self, outcome: str = "ok") -> None:
        """Append the event."""
        with self.database.write() as session:
            append(
                session,
                self.caller.tenant,
                self.caller.deed(self.action, self.target, outcome, self.details),
            )
