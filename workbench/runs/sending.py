"""One request of a run: what is asked, and what its outcome means for each of its pictures."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bentos.contracts import BatchItem, BatchResult, ErrorBody, Meta, Success
from bentos.contracts.base import Message
from workbench.client import ApiError, ClientError, ConnectionFailed, FaceSocialClient, NotConfigured
from workbench.runs.model import Answered, Item, RunSettings, Unit
from workbench.runs.pictures import PictureGone, RunPictures
from workbench.runs.tasks import TASKS, RunTask

T = TypeVar("T")

PASSING_STATUS = frozenset({429, 502, 503, 504})
PASSING_CODES = frozenset({"RATE_LIMITED", "OVERLOADED", "DEPENDENCY_UNAVAILABLE", "MODEL_UNAVAILABLE"})
GONE, UNEXPECTED = "PICTURE_GONE", "UNEXPECTED_ANSWER"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A service cannot answer now, or will not; the pictures wait meanwhile.

    Attributes:
        error: What the client said.
        barred: Whether waiting does not help: a token or an address is missing.
        broke: Whether the connection broke although the service is well.
    """

    error: ClientError
    barred: bool = False
    broke: bool = False

    @property
    def retry_after(self) -> float:
        """Seconds that the service asks to wait; 0 where it does not say."""
        return (self.error.retry_after or 0.0) if isinstance(self.error, ApiError) else 0.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a unit: answers to be written, pictures that wait again, and why they do."""

    answers: tuple[Answered, ...]
    left: tuple[Item, ...] = ()
    trouble: Trouble | None = None


def deliver(unit: Unit, client: FaceSocialClient, settings: RunSettings, pictures: RunPictures) -> Delivery:
    """Ask once for all pictures together; where that is refused as a whole, for each alone."""
    gone, there = _load(unit, pictures)
    if not there:
        return Delivery(tuple(gone))
    task = TASKS[unit.task]
    try:
        answer, spent = _timed(lambda: task.many(client, [data for _, data in there], settings))
    except ClientError as error:
        trouble = trouble_of(error, client, task)
        if trouble is not None:
            return Delivery(tuple(gone), tuple(item for item, _ in there), trouble)
        return _each_alone(gone, there, client, settings, task)
    return _sorted(gone, [item for item, _ in there], answer, spent, settings, task)


def trouble_of(error: ClientError, client: FaceSocialClient, task: RunTask) -> Trouble | None:
    """Why waiting may help, or people have to; None where the refusal is about what was sent."""
    if isinstance(error, NotConfigured) or (isinstance(error, ApiError) and error.status in (401, 403)):
        return Trouble(error, barred=True)
    if isinstance(error, ConnectionFailed):
        return Trouble(error, broke=_is_well(client, task.service))
    if isinstance(error, ApiError) and error.status in PASSING_STATUS:
        return Trouble(error)
    return None


def failed(item: Item, task: str, error: ClientError) -> Answered:
    """The answer of a picture whose request was refused."""
    code = error.code if isinstance(error, ApiError) else UNEXPECTED
    return Answered(item.number, task, code=code, message=error.message, request_id=error.request_id)


def _is_well(client: FaceSocialClient, service: str) -> bool:
    try:
        return client.health(service).status == "ok"
    except ClientError:
        return False


def _load(unit: Unit, pictures: RunPictures) -> tuple[list[Answered], list[tuple[Item, bytes]]]:
    gone, there = [], []
    for item in unit.items:
        try:
            there.append((item, pictures.get(item)))
        except PictureGone as error:
            gone.append(Answered(item.number, unit.task, code=GONE, message=str(error)))
    return gone, there


def _timed(call: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    return call(), (time.perf_counter() - started) * 1e3


def _each_alone(
    answers: list[Answered],
    there: Sequence[tuple[Item, bytes]],
    client: FaceSocialClient,
    settings: RunSettings,
    task: RunTask,
) -> Delivery:
    for place, (item, data) in enumerate(there):
        try:
            answer, spent = _timed(lambda data=data: task.one(client, data, settings))  # type: ignore[misc]
        except ClientError as error:
            trouble = trouble_of(error, client, task)
            if trouble is not None:
                return Delivery(tuple(answers), tuple(item for item, _ in there[place:]), trouble)
            answers.append(failed(item, task.name, error))
        else:
            answers.append(_done(item, task, answer.data, answer.meta, spent, settings, 1))
    return Delivery(tuple(answers))


def _sorted(
    answers: list[Answered],
    items: Sequence[Item],
    answer: Success[BatchResult[Any]],
    spent: float,
    settings: RunSettings,
    task: RunTask,
) -> Delivery:
    """Each picture's part of a batch answer; a part that says "later" lets its picture wait."""
    parts = {part.index: part for part in answer.data.results}
    left, passing = list[Item](), None
    for index, item in enumerate(items):
        part = parts.get(index)
        if part is not None and part.error is not None and part.error.code in PASSING_CODES:
            left.append(item)
            passing = _as_error(part.error, answer.meta)
        elif part is not None and part.success and part.data is not None:
            answers.append(_done(item, task, part.data, answer.meta, spent, settings, len(items)))
        else:
            answers.append(_part_failed(item, task, part, answer.meta))
    return Delivery(tuple(answers), tuple(left), None if passing is None else Trouble(passing))


def _part_failed(item: Item, task: RunTask, part: BatchItem[Any] | None, meta: Meta) -> Answered:
    error = part.error if part is not None else None
    code = UNEXPECTED if error is None else str(error.code)
    message = "The answer says nothing of this picture." if error is None else error.message
    return Answered(item.number, task.name, code=code, message=message, request_id=meta.request_id)


def _as_error(error: ErrorBody, meta: Meta) -> ApiError:
    return ApiError(error.message, code=error.code, status=503, request_id=meta.request_id)


def _done(
    item: Item, task: RunTask, data: Message, meta: Meta, spent: float, settings: RunSettings, together: int
) -> Answered:
    hidden = None if settings.keep_embeddings else {"faces": {"__all__": {"embedding"}}}
    return Answered(
        item.number,
        task.name,
        data=data.model_dump_json(exclude=hidden),
        request_id=meta.request_id,
        models=json.dumps([model.model_dump() for model in meta.models]),
        latency_ms=spent,
        service_ms=meta.timings_ms.total,
        together=together,
    )
