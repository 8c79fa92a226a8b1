"""One operation with its arguments, and how its parts are put into words."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Generic, TypeVar
from urllib.parse import quote

from pydantic import BaseModel

T_co = TypeVar("T_co", covariant=True)

DETECTION = "face-detection-service"
RECOGNITION = "face-recognition-service"
ANTISPOOFING = "antispoofing-service"
DEEPFAKE = "deepfake-detection-service"
DEMOGRAPHICS = "age-gender-service"
LONG_S = 600.0
"""Seconds for what carries or moves a lot; a gateway waits no longer either."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """One operation with its arguments.

    Attributes:
        service: Name in the contract.
        method: HTTP method.
        path: Below ``/api/v1``, each part of it quoted.
        read: Turns a success's body into the answer; raises ValueError where it is none.
        files: Multipart fields with their bytes, or an open file; a field may occur more than once.
        fields: Options beside the files; without files they travel as JSON.
        query: Options behind the path.
        lines: A body of NDJSON, in place of a form.
        key: The write's Idempotency-Key: however often it arrives, it is done once.
        versioned: Whether it lies under ``/api/v1`` on the service's own port.
        published: Whether a gateway passes it on.
        repeatable: Whether sending it twice does no harm and another try is wanted.
        timeout_s: Seconds to wait for an answer; None for the client's own.
    """

    service: str
    method: str
    path: str
    read: Callable[[bytes], T_co]
    files: Sequence[tuple[str, bytes | BinaryIO]] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    lines: bytes | None = None
    key: str | None = None
    versioned: bool = True
    published: bool = True
    repeatable: bool = True
    timeout_s: float | None = None


def form_fields(options: BaseModel) -> dict[str, str]:
    """Form fields; what is no plain value travels as JSON, and what was not given does not travel."""
    values = options.model_dump(mode="json", exclude_none=True)
    return {
        name: json.dumps(value) if isinstance(value, (list, dict)) else str(value)
        for name, value in values.items()
    }


def new_key(given: str | None) -> str:
    """The caller's Idempotency-Key, or one of this call's own."""
    return uuid.uuid4().hex if given is None else given


def segment(name: str) -> str:
    """One part of a path.

    Raises:
        ValueError: It would be read as another path.
    """
    if name in ("", ".", ".."):
        raise ValueError(f"{name!r} is no name")
    return quote(name, safe="")
