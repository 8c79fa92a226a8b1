"""Batching in an inner service: what its caller does when that service stumbles."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import aiohttp
import numpy as np
import pytest
from bentoml.exceptions import BentoMLException, InternalServerError, ServiceUnavailable

from bentos.common.batching.service import PAUSES_S, ServiceBatcher
from bentos.common.errors import DependencyUnavailable, InferenceFailed
from bentos.common.settings import BatchSettings
from models.errors import Overloaded
from models.runtime.session import Floats, Pixels

ITEM: Pixels = np.full((2, 2, 3), 7, np.uint8)


class InnerService:
    """Raises what its script says, call by call, and answers with the first byte once the script is over."""

    def __init__(self, script: Sequence[Exception] = (), ready: Sequence[bool | Exception] = ()) -> None:
        self._script = list(script)
        self._ready = list(ready)
        self.calls: list[list[int]] = []

    @property
    def to_async(self) -> Any:
        return self

    async def is_ready(self, timeout: int) -> bool:  # noqa: ASYNC109 (the name is BentoML's)
        assert timeout > 0
        state = self._ready.pop(0) if self._ready else True
        if isinstance(state, Exception):
            raise state
        return state

    async def predict(self, items: Sequence[Pixels]) -> list[Floats | None]:
        values = [int(item[0, 0, 0]) for item in items]
        self.calls.append(values)
        if self._script:
            raise self._script.pop(0)
        return [None if value == 0 else np.array([value], np.float32) for value in values]

    @property
    def unready(self) -> int:
        return len(self._ready)


class Held(InnerService):
    """Answers when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def predict(self, items: Sequence[Pixels]) -> list[Floats | None]:
        await self.gate.wait()
        return await super().predict(items)


def batcher(inner: InnerService, max_queue: int = 8) -> ServiceBatcher:
    settings = BatchSettings(mode="service", max_size=4, max_age_ms=10_000.0, max_queue=max_queue)
    return ServiceBatcher(inner, "predict", settings)


async def test_an_item_is_sent_as_a_batch_of_one() -> None:
    inner = InnerService()
    assert (await batcher(inner).submit(ITEM)).tolist() == [7.0]
    assert inner.calls == [[7]]


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientPayloadError("cut"),
        ConnectionResetError(),
        OSError("gone"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_broken_connection_is_tried_again(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    inner = InnerService([error] * len(PAUSES_S))
    assert (await batcher(inner).submit(ITEM)).tolist() == [7.0]
    assert len(inner.calls) == len(PAUSES_S) + 1
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == len(PAUSES_S)


@pytest.mark.parametrize("error", [aiohttp.ServerDisconnectedError(), OSError("gone")])
async def test_a_connection_that_stays_broken_is_given_up(error: Exception) -> None:
    inner = InnerService([error] * 20)
    with pytest.raises(DependencyUnavailable):
        await batcher(inner).submit(ITEM)
    assert len(inner.calls) == len(PAUSES_S) + 1


async def test_a_full_inner_queue_is_an_overload_and_not_asked_again() -> None:
    inner = InnerService([ServiceUnavailable("full")])
    with pytest.raises(Overloaded) as refused:
        await batcher(inner).submit(ITEM)
    assert refused.value.retry_after_s >= 1
    assert len(inner.calls) == 1


@pytest.mark.parametrize("error", [BentoMLException("bug"), InternalServerError("bug")])
async def test_another_fault_of_the_inner_service_is_named_and_not_asked_again(error: Exception) -> None:
    inner = InnerService([error])
    with pytest.raises(DependencyUnavailable, match="bug"):
        await batcher(inner).submit(ITEM)
    assert len(inner.calls) == 1


async def test_an_item_that_the_model_failed_on() -> None:
    with pytest.raises(InferenceFailed):
        await batcher(InnerService()).submit(np.zeros_like(ITEM))


async def test_more_than_allowed_do_not_wait() -> None:
    inner = Held()
    one = batcher(inner, max_queue=2)
    waiting = [asyncio.create_task(one.submit(ITEM)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await one.submit(ITEM)
    inner.gate.set()
    assert [answer.tolist() for answer in await asyncio.gather(*waiting)] == [[7.0], [7.0]]
    assert (await one.submit(ITEM)).tolist() == [7.0]


async def test_failures_and_callers_that_go_away_free_their_places() -> None:
    inner = Held()
    one = batcher(inner, max_queue=1)
    gone = asyncio.create_task(one.submit(ITEM))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    inner.gate.set()
    for _ in range(3):
        with pytest.raises(InferenceFailed):
            await one.submit(np.zeros_like(ITEM))
    assert (await one.submit(ITEM)).tolist() == [7.0]


async def test_start_waits_until_the_inner_service_is_ready() -> None:
    inner = InnerService(ready=[ConnectionRefusedError(), False, TimeoutError(), True])
    await asyncio.wait_for(batcher(inner).start(), 10)
    assert inner.unready == 0


async def test_start_does_not_hide_a_fault_that_waiting_does_not_mend() -> None:
    with pytest.raises(BentoMLException, match="no such service"):
        await batcher(InnerService(ready=[BentoMLException("no such service")])).start()
