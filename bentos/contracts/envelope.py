"""The envelope around every answer."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import Field

from bentos.contracts.base import Message
from bentos.contracts.errors import ErrorCode

T = TypeVar("T")


class ModelRef(Message):
    """The model that made an answer."""

    task: str
    name: str
    version: str


class Timings(Message):
    """Milliseconds spent on each step of one request; ``infer`` is 0 where detection is the answer."""

    decode: float = 0.0
    detect: float = 0.0
    infer: float = 0.0
    total: float = 0.0


class ErrorMeta(Message):
    """What accompanies an error."""

    request_id: str


class Meta(ErrorMeta):
    """What accompanies an answer; ``cached`` says that all of it is remembered from an earlier request."""

    models: list[ModelRef] = Field(default_factory=list)
    timings_ms: Timings = Field(default_factory=Timings)
    cached: bool = False


class ErrorBody(Message):
    """What went wrong: a code for programs, a sentence for people, measured facts."""

    code: ErrorCode
    message: str
    details: dict[str, Any] | None = None


class Success(Message, Generic[T]):
    """A successful answer."""

    success: Literal[True] = True
    data: T
    meta: Meta


class Failure(Message):
    """A refused or failed request."""

    success: Literal[False] = False
    error: ErrorBody
    meta: ErrorMeta


class BatchItem(Message, Generic[T]):
    """One image's part of a batch answer: ``data`` or ``error``, never both."""

    index: int
    success: bool
    data: T | None = None
    error: ErrorBody | None = None


class BatchResult(Message, Generic[T]):
    """Results in the order of the images sent."""

    results: list[BatchItem[T]]
