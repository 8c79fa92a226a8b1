"""What a source brings: bytes, or the reason why there are none."""

from __future__ import annotations

from dataclasses import dataclass


class SourceUnreadable(Exception):
    """Nothing can be taken from a source; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a source.

    Attributes:
        name: As people find it.
        data: Its bytes; None where it cannot be read.
        reason: Why it cannot.
        path: Where it lies on this machine, where it need not be copied.
    """

    name: str
    data: bytes | None = None
    reason: str = ""
    path: str | None = None
