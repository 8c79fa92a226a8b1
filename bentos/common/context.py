"""What is known of the request in hand, for every part that answers it."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from bentos.common.auth import Principal
from bentos.contracts import Timings

Step = Literal["decode", "detect", "infer"]

_VALID_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
request_id_var: ContextVar[str] = ContextVar("request_id", default="-")


def request_id_of(sent: str | None) -> str:
    """The caller's id where it is a plain token of at most 128 characters, else a new one."""
    return sent if sent and _VALID_ID.fullmatch(sent) else uuid.uuid4().hex


class Clock:
    """Milliseconds by step; steps of the images of one batch, in threads of their own, add up."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._lock = threading.Lock()
        self._steps: dict[Step, float] = {"decode": 0.0, "detect": 0.0, "infer": 0.0}

    @contextmanager
    def step(self, name: Step) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - started
            with self._lock:
                self._steps[name] += seconds * 1e3

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._started

    def timings(self) -> Timings:
        steps = {name: round(value, 3) for name, value in self._steps.items()}
        return Timings(**steps, total=round(self.seconds * 1e3, 3))


class RequestContext:
    """Id, caller and clock of one request."""

    __slots__ = ("clock", "principal", "request_id")

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.clock = Clock()
        self.principal: Principal | None = None
