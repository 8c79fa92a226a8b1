"""Batching in an inner BentoML service: one process holds the model for all HTTP workers."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Protocol

import aiohttp
from bentoml.exceptions import BentoMLException, ServiceUnavailable

from bentos.common.errors import DependencyUnavailable, InferenceFailed
from bentos.common.settings import BatchSettings
from models.errors import Overloaded
from models.runtime.session import Floats, Pixels

logger = logging.getLogger(__name__)

# The inner service closes what was idle for five seconds, all connections of a burst at the same moment, and a
# request of that moment can pick one dead connection after the other. While it pauses they are noticed and dropped.
PAUSES_S = (0.0, 0.01, 0.05, 0.2, 0.5, 1.0)
START_TIMEOUT_S = 120.0


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

    async def start(self) -> None:
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
        while asyncio.get_running_loop().time() < deadline:
            try:
                if await self._proxy.to_async.is_ready(timeout=5):
                    return
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            await asyncio.sleep(0.2)
        raise DependencyUnavailable(f"The model's process was not ready within {START_TIMEOUT_S:.0f} s.")

    async def submit(self, item: Pixels) -> Floats:
        if self._waiting >= self._settings.max_queue:
            raise Overloaded(
                f"{self._waiting} pictures are waiting for the model already; try again in a moment."
            )
        self._waiting += 1
        try:
            answer = await self._call(item)
        finally:
            self._waiting -= 1
        if answer is None:
            raise InferenceFailed("The model failed on this picture.")
        return answer

    async def close(self) -> None:
        """BentoML owns the connection and closes it."""

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
