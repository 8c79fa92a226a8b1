"""Batching in an inner BentoML service: one process holds the model for all HTTP workers."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import aiohttp
from bentoml.exceptions import BentoMLException, ServiceUnavailable

from bentos.common.batching.base import complete, require_room
from bentos.common.errors import DependencyUnavailable
from bentos.common.settings import BatchSettings
from models.errors import Overloaded
from models.runtime.session import Floats, Pixels

logger = logging.getLogger(__name__)

# The inner service closes what was idle for five seconds, all connections of a burst at the same moment, and a
# request of that moment can pick one dead connection after the other. While it pauses they are noticed and dropped.
PAUSES_S = (0.0, 0.01, 0.05, 0.2, 0.5, 1.0)
START_TIMEOUT_S = 120.0
IN_FLIGHT = 32
"""Faces of one picture that are on their way at once, so that a crowd leaves room for other callers."""


class Proxy(Protocol):
    """The inner service as BentoML hands it to the outer one."""

    @property
    def to_async(self) -> Any: ...


class ServiceBatcher:
    """Sends each item to the inner service, which forms the batches."""

    def __init__(self, proxy: Proxy, method: str, settings: BatchSettings) -> None:
        self._proxy = proxy
        self._method = method
        self._settings = settings
        self._waiting = 0
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        deadline = self._loop.time() + START_TIMEOUT_S
        while self._loop.time() < deadline:
            try:
                if await self._proxy.to_async.is_ready(timeout=5):
                    return
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            await asyncio.sleep(0.2)
        raise DependencyUnavailable(f"The model's process was not ready within {START_TIMEOUT_S:.0f} s.")

    def predict(self, items: Sequence[Pixels]) -> list[Floats]:
        if self._loop is None:
            raise DependencyUnavailable("The model's process is not ready yet; try again in a moment.")
        with self._admitted(len(items)):
            return complete(asyncio.run_coroutine_threadsafe(self._all(items), self._loop).result())

    @contextmanager
    def _admitted(self, count: int) -> Iterator[None]:
        with self._lock:
            require_room(self._waiting, count, self._settings)
            self._waiting += count
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= count

    async def _all(self, items: Sequence[Pixels]) -> list[Floats | None]:
        gate = asyncio.Semaphore(IN_FLIGHT)

        async def one(item: Pixels) -> Floats | None:
            async with gate:
                return await self._call(item)

        return list(await asyncio.gather(*map(one, items)))

    async def _call(self, item: Pixels) -> Floats | None:
        for pause in (*PAUSES_S, None):
            try:
                answers: list[Floats | None] = await getattr(self._proxy.to_async, self._method)([item])
                return answers[0]
            except ServiceUnavailable as error:
                raise Overloaded("The model's queue is full; try again in a moment.") from error
            except (aiohttp.ClientError, OSError) as error:  # inference is idempotent: asking again is safe
                logger.warning("the model's process did not answer: %r", error)
            except BentoMLException as error:
                raise DependencyUnavailable(f"The model's process failed: {error}.") from error
            if pause is not None:
                await asyncio.sleep(pause)
        raise DependencyUnavailable("The model's process does not answer.")
