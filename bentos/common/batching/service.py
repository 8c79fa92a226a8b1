"""Batching in an inner BentoML service: one process holds the models for all HTTP workers."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import aiohttp
from bentoml.exceptions import BentoMLException, ServiceUnavailable

from bentos.common.batching.base import complete, require_room
from bentos.common.errors import DependencyUnavailable
from bentos.common.model_set import Chosen
from bentos.common.settings import BatchSettings
from models.catalogue.serial import card_to_json
from models.errors import ModelUnavailable, Overloaded
from models.runtime.session import Floats, Pixels

logger = logging.getLogger(__name__)

# The inner service closes what was idle for five seconds, all connections of a burst at the same moment, and a
# request of that moment can pick one dead connection after the other. While it pauses they are noticed and dropped.
PAUSES_S = (0.0, 0.01, 0.05, 0.2, 0.5, 1.0)
START_TIMEOUT_S = 120.0
ASK_S = 0.2
IN_FLIGHT = 32
"""Faces of one picture that are on their way at once, so that a crowd leaves room for other callers."""
UNKNOWN = "unknown model"
"""The inner service's answer for a model that it does not hold: it was started again, or held too many."""


Item = tuple[str, float, Pixels]
"""What the inner service is sent: by which models it is to be answered, when it was sent, and the picture.

The time is of the machine's monotonic clock, which all of its processes share: the inner service runs beside the outer.
"""


class Loading(NamedTuple):
    """How far the inner service is with a model: it says on what it runs, or what is wrong; neither while it loads."""

    provider: str | None = None
    fault: str | None = None


class Proxy(Protocol):
    """The inner service as BentoML hands it to the outer one."""

    @property
    def to_async(self) -> Any: ...


class ServiceBatcher:
    """Sends each item to the inner service, which forms the batches.

    Args:
        proxy: The inner service.
        method: The model's name there.
        key: Says by which models of that name the items are to be answered.
        find: Where their graphs lie; asked when this starts.
        settings: How many items may wait.
    """

    def __init__(
        self, proxy: Proxy, method: str, key: str, find: Callable[[], Chosen], settings: BatchSettings
    ) -> None:
        self._proxy = proxy
        self._method = method
        self._key = key
        self._find = find
        self._settings = settings
        self._waiting = 0
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._provider = ""

    @property
    def provider(self) -> str:
        """What the models run on, once they are loaded."""
        return self._provider

    async def start(self) -> None:
        """Have the inner service load the models.

        Raises:
            ModelUnavailable: It cannot.
            DependencyUnavailable: It does not answer, or is not done in time; it may be later.
        """
        self._loop = asyncio.get_running_loop()
        chosen = await asyncio.to_thread(self._find)
        deadline = self._loop.time() + START_TIMEOUT_S
        while self._loop.time() < deadline:
            try:
                if await self._proxy.to_async.is_ready(timeout=5) and await self._loaded(chosen):
                    return
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            await asyncio.sleep(ASK_S)
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
                answer = await self._call(item)
                if isinstance(answer, str):
                    await self.start()
                    answer = await self._call(item)
            if isinstance(answer, str):
                raise DependencyUnavailable(
                    "The model's process does not hold the model; try again in a moment."
                )
            return answer

        return list(await asyncio.gather(*map(one, items)))

    async def _loaded(self, chosen: Chosen) -> bool:
        """Whether the inner service holds the models; it loads them otherwise."""
        cards = [card_to_json(card) for card in chosen.cards]
        paths = {digest: str(path) for digest, path in chosen.paths.items()}
        try:
            state = Loading(*await self._proxy.to_async.load(name=self._method, cards=cards, paths=paths))
        except BentoMLException as error:
            raise DependencyUnavailable(f"The model's process failed: {error}.") from error
        if state.fault is not None:
            raise ModelUnavailable(state.fault)
        self._provider = state.provider or ""
        return state.provider is not None

    async def _call(self, item: Pixels) -> Floats | str | None:
        for pause in (*PAUSES_S, None):
            try:
                answers: list[Floats | str | None] = await getattr(self._proxy.to_async, self._method)(
                    [(self._key, time.monotonic(), item)]
                )
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
