"""An event as bytes: what its hash is taken over, and a line of an export."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bentos.common.audit.tables import HASH, AuditEvent

NOTHING = "0" * HASH
"""The hash before the first event."""
HASHED = (
    "tenant",
    "seq",
    "at",
    "actor",
    "role",
    "action",
    "target",
    "request_id",
    "outcome",
    "details",
    "previous",
)


def digest(event: AuditEvent) -> str:
    """SHA-256, in hex, over all other columns.

    They form one JSON list, in the order of ``HASHED``: no spaces, keys sorted by code points, text as UTF-8
    without needless escapes, times as RFC 3339 in UTC with six digits, numbers as Python writes them.
    """
    values = [_form(getattr(event, name)) for name in HASHED]
    return hashlib.sha256(_dump(values, sort_keys=True)).hexdigest()


def line_of(event: AuditEvent) -> bytes:
    """A line of an export, with its newline: an object of all columns, the hash too."""
    return _dump({name: _form(getattr(event, name)) for name in (*HASHED, "hash")}) + b"\n"


def end_line(tenant: str, events: int, head: str) -> bytes:
    """The last line of an export: an export without it was cut off."""
    return _dump({"end": True, "events": events, "head": head, "tenant": tenant}) + b"\n"


def read_line(line: bytes) -> dict[str, Any]:
    """The object on a line.

    Raises:
        ValueError: It is no JSON object, or says something twice.
    """
    record = json.loads(line.decode("utf-8", "surrogatepass"), object_pairs_hook=_unique)
    if not isinstance(record, dict):
        raise ValueError("no JSON object")
    return record


def event_of(record: dict[str, Any]) -> AuditEvent:
    """The event on a line of an export, in no session.

    Raises:
        ValueError: It has other fields than an event, or a time that is written otherwise than exports write it.
    """
    if record.keys() != {*HASHED, "hash"}:
        raise ValueError("other fields than an event has")
    at = datetime.fromisoformat(str(record["at"]))
    if at.tzinfo is None or _form(at) != record["at"]:  # a reader of times takes many ways to write one
        raise ValueError("a time that no export writes so")
    return AuditEvent(**{**record, "at": at})


def _form(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _dump(value: object, sort_keys: bool = False) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys)
    return text.encode("utf-8", "surrogatepass")


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name that stands twice")
    return found
