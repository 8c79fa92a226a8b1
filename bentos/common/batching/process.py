"""Batching inside the service's own process: no hop, no copy, no wait."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from bentos.common.batching.base import complete, predict_each, require_room
from bentos.common.settings import BatchSettings
from bentos.common.workers import Waited
from models.runtime.batch import BatchModel
from models.runtime.session import Floats, Pixels


@dataclass(slots=True, eq=False)
class _Call:
    """What one thread handed in, what has come back of it, and whether the thread may run the model.

    ``waited``: how long the first item was on its way into a batch, in seconds.
    """

    answers: list[Floats | None]
    missing: int
    leads: bool = False
    since: float = field(default_factory=time.perf_counter)
    waited: float = 0.0
    wake: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    call: _Call
    index: int
    item: Pixels


class ProcessBatcher:
    """Runs a batch as soon as the model is free, with whatever has gathered until then.

    The calling thread runs the model itself, on its own items and on those of threads that wait meanwhile
    (flat combining: D. Hendler et al., SPAA 2010). A lone request neither waits for company nor changes threads;
    under load batches grow by themselves. Once its own items are answered a thread hands the model over to the
    one that has waited longest.

    Args:
        model: Answers a batch.
        settings: How large a batch and the queue grow, and how many batches run at once.
        waited: Is told of each call, once it is answered, how many seconds its first item waited for its batch;
            None where nobody wants to know. Once a call and not an item: a crowd's later faces wait for its own.
    """

    def __init__(self, model: BatchModel, settings: BatchSettings, waited: Waited | None = None) -> None:
        self._model = model
        self._settings = settings
        self._waited = waited
        self._queue: deque[_Waiting] = deque()
        self._free = settings.workers
        self._lock = threading.Lock()

    @property
    def provider(self) -> str:
        """What the model runs on."""
        return self._model.provider

    async def start(self) -> None:
        await asyncio.to_thread(self._model.warm_up)

    def predict(self, items: Sequence[Pixels]) -> list[Floats]:
        call = self._enqueue(items)
        while True:
            with self._lock:
                call.wake.clear()
                leads = call.leads
                done = not leads and not call.missing
            if done:
                if self._waited is not None and items:
                    self._waited(call.waited)
                return complete(call.answers)
            if leads:
                self._lead(call)
            else:
                call.wake.wait()

    def _enqueue(self, items: Sequence[Pixels]) -> _Call:
        call = _Call([None] * len(items), len(items))
        with self._lock:
            require_room(len(self._queue), len(items), self._settings)
            self._queue.extend(_Waiting(call, index, item) for index, item in enumerate(items))
            if self._free and items:
                self._free -= 1
                call.leads = True
        return call

    def _lead(self, call: _Call) -> None:
        try:
            while batch := self._next_batch(call):
                answers: Sequence[Floats | None] = [None] * len(batch)
                try:
                    answers = predict_each(self._model, [waiting.item for waiting in batch])
                finally:
                    self._deliver(batch, answers)
        finally:
            self._hand_over(call)

    def _next_batch(self, call: _Call) -> list[_Waiting]:
        """The longest waiting items; none once the caller's own are answered or in other hands."""
        with self._lock:
            size = min(self._settings.max_size, len(self._queue)) if call.missing else 0
            batch = [self._queue.popleft() for _ in range(size)]
        now = time.perf_counter()
        for waiting in batch:
            if waiting.index == 0:
                waiting.call.waited = now - waiting.call.since
        return batch

    def _hand_over(self, call: _Call) -> None:
        with self._lock:
            call.leads = False
            heir = next((waiting.call for waiting in self._queue if not waiting.call.leads), None)
            if heir is None:
                self._free += 1
            else:
                heir.leads = True
                heir.wake.set()

    def _deliver(self, batch: Sequence[_Waiting], answers: Sequence[Floats | None]) -> None:
        with self._lock:
            for waiting, answer in zip(batch, answers, strict=True):
                waiting.call.answers[waiting.index] = answer
                waiting.call.missing -= 1
                if not waiting.call.missing:
                    waiting.call.wake.set()
