"""Batching inside the service's own process: no hop, no copy, no wait."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bentos.common.batching.base import predict_each
from bentos.common.errors import InferenceFailed
from bentos.common.settings import BatchSettings
from models.errors import Overloaded
from models.runtime.batch import BatchModel
from models.runtime.session import Floats, Pixels


@dataclass(slots=True)
class _Waiting:
    item: Pixels
    answer: asyncio.Future[Floats]


class ProcessBatcher:
    """Runs a batch as soon as the model is free, with whatever has gathered until then.

    A lone request never waits for company; under load batches grow by themselves, because requests gather
    while the model is busy. With several workers what has gathered is shared out among those that are free.
    """

    def __init__(self, model: BatchModel, settings: BatchSettings) -> None:
        self._model = model
        self._settings = settings
        self._queue: deque[_Waiting] = deque()
        self._executor = ThreadPoolExecutor(max_workers=settings.workers, thread_name_prefix="model")
        self._running: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._executor, self._model.warm_up)

    async def submit(self, item: Pixels) -> Floats:
        if len(self._queue) >= self._settings.max_queue:
            raise Overloaded(
                f"{len(self._queue)} pictures are waiting for the model already; try again in a moment."
            )
        waiting = _Waiting(item, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if len(self._running) < self._settings.workers:
            task = asyncio.create_task(self._drain())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await waiting.answer

    async def close(self) -> None:
        await asyncio.gather(*self._running)
        self._executor.shutdown(wait=True)

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while batch := self._next_batch():
            items = [waiting.item for waiting in batch]
            answers = await loop.run_in_executor(self._executor, predict_each, self._model, items)
            for waiting, answer in zip(batch, answers, strict=True):
                _settle(waiting.answer, answer)

    def _next_batch(self) -> list[_Waiting]:
        share = -(-len(self._queue) // self._settings.workers)
        size = min(self._settings.max_size, max(1, share))
        batch: list[_Waiting] = []
        while self._queue and len(batch) < size:
            waiting = self._queue.popleft()
            if not waiting.answer.done():  # done here: the caller has gone away
                batch.append(waiting)
        return batch


def _settle(future: asyncio.Future[Floats], answer: Floats | None) -> None:
    if future.done():
        return
    if answer is None:
        future.set_exception(InferenceFailed("The model failed on this picture."))
    else:
        future.set_result(answer)
