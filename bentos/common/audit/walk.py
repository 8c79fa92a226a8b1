"""A walk along a chain, event by event, up to the first fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bentos.common.audit.records import NOTHING, digest
from bentos.common.audit.tables import AuditEvent


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a chain breaks, and how: a sentence about the event of this number."""

    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What was found.

    Attributes:
        tenant: Whose chain.
        events: How many are sound, from the first one on.
        head: Hash of the last of them.
        fault: What is wrong after them; None where the chain is sound to its end.
    """

    tenant: str
    events: int
    head: str
    fault: Fault | None


class Walk:
    """Where a walk is.

    Args:
        tenant: Whose chain.
        sought: A hash that the chain has to hold.
    """

    def __init__(self, tenant: str, sought: str | None = None) -> None:
        self._tenant = tenant
        self._sought = sought
        self._events = 0
        self._head = NOTHING
        self._fault: Fault | None = None

    def step(self, event: AuditEvent) -> bool:
        """Go on to the next event; False where the chain breaks."""
        reason = self._reason(event)
        if reason is not None:
            self._fault = Fault(self._events + 1, reason)
            return False
        self._events, self._head = event.seq, event.hash
        if self._head == self._sought:
            self._sought = None
        return True

    def end(self, seq: int, head: str) -> None:
        """Arrive at the end, which is known to be event ``seq`` with this hash."""
        if seq > self._events:
            self._fault = Fault(self._events + 1, f"it is missing: there were {seq} events")
        elif seq < self._events:
            self._fault = Fault(seq + 1, f"the chain was known to end before it, with event {seq}")
        elif head != self._head:
            self._fault = Fault(seq, "it is not the one with which the chain was known to end")
        elif self._sought not in (None, NOTHING):
            self._fault = Fault(
                seq, "no event up to it has the hash that was noted: the chain was written anew"
            )

    def closed(self, record: Mapping[str, Any]) -> ChainReport:
        """The report of an export whose last line is ``record``."""
        if record["tenant"] != self._tenant:
            return self.broken("the export ends as another tenant's")
        self.end(record["events"], record["head"])
        return self.report()

    def broken(self, reason: str) -> ChainReport:
        """The report of a chain on which one cannot go on."""
        self._fault = Fault(self._events + 1, reason)
        return self.report()

    def report(self) -> ChainReport:
        """What was found so far."""
        return ChainReport(self._tenant, self._events, self._head, self._fault)

    def _reason(self, event: AuditEvent) -> str | None:
        wanted = self._events + 1
        if event.tenant != self._tenant:
            return "it belongs to another tenant"
        if event.seq != wanted:
            return self._gap(event.seq, wanted)
        if event.hash != digest(event):
            return "it was changed after it was written"
        if event.previous != self._head:
            return "it does not follow on the event before it"
        return None

    @staticmethod
    def _gap(seq: int, wanted: int) -> str:
        if not seq > wanted:
            return f"event {seq} stands in its place"
        return "it is missing: " + (
            f"the chain begins with event {seq}" if wanted == 1 else f"event {seq} follows"
        )
