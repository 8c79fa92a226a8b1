"""Asking one deployment about all pictures; what was answered stays, whatever happens then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from bentos.contracts import ModelRef, Success
from workbench.client import ApiError, ClientError, FaceSocialClient
from workbench.comparing.shots import Shot
from workbench.runs.access import Access
from workbench.runs.model import RunSettings
from workbench.runs.sending import UNEXPECTED, trouble_of
from workbench.runs.tasks import TASKS

GONE = "PICTURE_GONE"
LOOK_S = 0.25


@dataclass(frozen=True, slots=True)
class Reply:
    """What a deployment said of one picture: ``data``, or a code and a message.

    Attributes:
        data: The answer's data.
        models: Whose answer it is.
        latency_ms: From sending the request to having read its answer.
        service_ms: What the service needed.
        cached: Whether the service remembered it from an earlier request.
        request_id: Finds the request in the service's log.
    """

    data: Any = None
    code: str | None = None
    message: str | None = None
    models: tuple[ModelRef, ...] = ()
    latency_ms: float | None = None
    service_ms: float | None = None
    cached: bool = False
    request_id: str | None = None


@dataclass
class Asking:
    """One deployment, one task, many pictures. Several threads may work on it.

    Attributes:
        shots: What is asked about.
        task: A name in ``workbench.runs.tasks.TASKS``.
        settings: How faces are chosen.
        replies: By the picture's place in ``shots``.
        stopped: Why it does not go on, by the client; None where nothing is wrong.
    """

    shots: Sequence[Shot]
    task: str
    settings: RunSettings
    replies: dict[int, Reply] = field(default_factory=dict)
    stopped: ClientError | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _taken: set[int] = field(default_factory=set, repr=False)

    @property
    def left(self) -> int:
        """Pictures without a reply."""
        return len(self.shots) - len(self.replies)

    @property
    def models(self) -> tuple[ModelRef, ...]:
        """All that answered, each version once, in the order in which they did."""
        replies = [self.replies[number] for number in sorted(self.replies)]
        return tuple(dict.fromkeys(model for reply in replies for model in reply.models))

    def go_on(self, client: FaceSocialClient, halt: threading.Event) -> None:
        """Ask until all is answered, ``halt`` is set, or the deployment cannot be asked.

        The client tries again by itself. What it gives up then is the deployment's trouble and stops the asking, or
        the picture's own and is its reply.
        """
        while not halt.is_set() and self.stopped is None and (number := self._take()) is not None:
            try:
                self.replies[number] = self._ask(client, self.shots[number])
            except ClientError as error:
                self.stopped = error
            finally:
                with self._lock:
                    self._taken.discard(number)

    def _take(self) -> int | None:
        with self._lock:
            numbers = range(len(self.shots))
            free = (number for number in numbers if number not in self.replies and number not in self._taken)
            number = next(free, None)
            if number is not None:
                self._taken.add(number)
            return number

    def _ask(self, client: FaceSocialClient, shot: Shot) -> Reply:
        try:
            data = shot.read()
        except OSError as error:
            return Reply(code=GONE, message=str(error))
        task, started = TASKS[self.task], time.perf_counter()
        try:
            answer = task.one(client, data, self.settings)
        except ClientError as error:
            trouble = trouble_of(error, client, task)
            if trouble is not None and not trouble.broke:
                raise
            return _refused(error)
        spent = (time.perf_counter() - started) * 1e3
        return _said(answer, spent)


def ask_all(
    sides: Sequence[tuple[Asking, Access]],
    tick: Callable[[], None],
    *,
    at_once: int = 1,
    look_s: float = LOOK_S,
) -> None:
    """Let askings go on beside each other until each is answered or stopped.

    Where ``tick`` raises (a page that is drawn anew does), the requests under way are still answered, and kept.

    Args:
        sides: Each with the way to its deployment.
        tick: Called between looks, to show how far it is.
        at_once: Requests under way at each deployment.
        look_s: Seconds between looks.
    """
    halt = threading.Event()
    with (
        ExitStack() as stack
    ):  # left in reverse: nothing more is taken, the threads end, the clients are closed
        ways = [(asking, _client(asking, access, stack)) for asking, access in sides]
        threads = stack.enter_context(ThreadPoolExecutor(at_once * max(1, len(sides))))
        stack.callback(halt.set)
        under_way = [
            threads.submit(asking.go_on, client, halt)
            for asking, client in ways
            if client is not None
            for _ in range(at_once)
        ]
        while any(not future.done() for future in under_way):
            wait(under_way, look_s, FIRST_EXCEPTION)
            tick()
        for future in under_way:
            future.result()


def _client(asking: Asking, access: Access, stack: ExitStack) -> FaceSocialClient | None:
    asking.stopped = None
    try:
        client = FaceSocialClient(access.endpoints, token=access.token, timeout_s=access.timeout_s)
    except ClientError as error:
        asking.stopped = error
        return None
    stack.callback(client.close)
    return client


def _said(answer: Success[Any], spent_ms: float) -> Reply:
    meta = answer.meta
    return Reply(
        answer.data,
        models=tuple(meta.models),
        latency_ms=spent_ms,
        service_ms=meta.timings_ms.total,
        cached=meta.cached,
        request_id=meta.request_id,
    )


def _refused(error: ClientError) -> Reply:
    code = error.code if isinstance(error, ApiError) else UNEXPECTED
    return Reply(code=code, message=error.message, request_id=error.request_id)
