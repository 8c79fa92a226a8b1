"""Batching in an inner service: what its caller does when that service stumbles."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from bentoml.exceptions import BentoMLException, InternalServerError, ServiceUnavailable

from bentos.common.batching.service import IN_FLIGHT, PAUSES_S, UNKNOWN, Item, Loading, ServiceBatcher
from bentos.common.errors import DependencyUnavailable, InferenceFailed
from bentos.common.model_set import Chosen, key_of
from bentos.common.settings import BatchSettings
from models.catalogue.detection import YUNET_N
from models.catalogue.serial import card_from_json
from models.errors import ModelUnavailable, Overloaded
from models.runtime.session import Floats, Pixels

WAIT_S = 10
CHOSEN = Chosen((YUNET_N,), {YUNET_N.sha256: Path("/graphs/yunet.onnx")})


def item(value: int) -> Pixels:
    return np.full((2, 2, 3), value, np.uint8)


ITEM = item(7)
POISON = item(0)


class InnerService:
    """Raises what its script says, call by call, and answers with the first byte once the script is over.

    Args:
        script: Of calls for answers.
        ready: Of questions whether it is ready.
        loads: Of calls that load a model; one that is loaded stays until ``forget``.
    """

    def __init__(
        self,
        script: Sequence[Exception] = (),
        ready: Sequence[bool | Exception] = (),
        loads: Sequence[Loading | Exception] = (),
    ) -> None:
        self._script = list(script)
        self._ready = list(ready)
        self._loads = list(loads)
        self._held: set[str] = set()
        self.calls: list[list[int]] = []
        self.loaded: list[tuple[str, dict[str, str]]] = []

    async def load(self, name: str, cards: list[Any], paths: dict[str, str]) -> list[Any]:
        self.loaded.append((name, paths))
        state = self._loads.pop(0) if self._loads else Loading(provider="Provider")
        if isinstance(state, Exception):
            raise state
        if state.provider:
            self._held.add(key_of([card_from_json(card) for card in cards]))
        return list(state)

    def forget(self) -> None:
        """As if it had been started again."""
        self._held.clear()

    @property
    def to_async(self) -> Any:
        return self

    async def is_ready(self, timeout: int) -> bool:  # noqa: ASYNC109 (the name is BentoML's)
        assert timeout > 0
        state = self._ready.pop(0) if self._ready else True
        if isinstance(state, Exception):
            raise state
        return state

    async def predict(self, items: Sequence[Item]) -> list[Floats | str | None]:
        values = [int(item[0, 0, 0]) for _, _, item in items]
        self.calls.append(values)
        if self._script:
            raise self._script.pop(0)
        return [
            UNKNOWN if key not in self._held else None if value == 0 else np.array([value], np.float32)
            for (key, _, _), value in zip(items, values, strict=True)
        ]

    @property
    def unready(self) -> int:
        return len(self._ready)


class Forgetful(InnerService):
    """Loads what it is told to, and has lost it when it is asked."""

    async def predict(self, items: Sequence[Item]) -> list[Floats | str | None]:
        self.forget()
        return await super().predict(items)


class Held(InnerService):
    """Answers when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.arrived = asyncio.Semaphore(0)
        self.waiting = 0
        self.most = 0

    async def predict(self, items: Sequence[Item]) -> list[Floats | str | None]:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        self.arrived.release()
        await self.gate.wait()
        await asyncio.sleep(0)  # those behind it would come in now, if they could
        self.waiting -= 1
        return await super().predict(items)


def batcher(inner: InnerService, max_queue: int = 8) -> ServiceBatcher:
    settings = BatchSettings(mode="service", max_size=4, max_age_ms=10_000.0, max_queue=max_queue)
    return ServiceBatcher(inner, "predict", key_of(CHOSEN.cards), lambda: CHOSEN, settings)


async def started(inner: InnerService, max_queue: int = 8) -> ServiceBatcher:
    made = batcher(inner, max_queue)
    await made.start()
    return made


async def predict(one: ServiceBatcher, *items: Pixels) -> list[float]:
    """What a request's thread does, while the loop stays free for what goes over the wire."""
    async with asyncio.timeout(WAIT_S):
        answers = await asyncio.to_thread(one.predict, items)
    return [float(answer[0]) for answer in answers]


async def waiting(one: ServiceBatcher, inner: Held, *items: Pixels) -> asyncio.Task[list[float]]:
    """A call whose items have all arrived at the inner service."""
    task = asyncio.create_task(predict(one, *items))
    async with asyncio.timeout(WAIT_S):
        for _ in items:
            await inner.arrived.acquire()
    return task


async def test_an_item_is_sent_as_a_batch_of_one() -> None:
    inner = InnerService()
    assert await predict(await started(inner), ITEM) == [7.0]
    assert inner.calls == [[7]]


async def test_items_of_one_call_are_answered_in_order() -> None:
    inner = InnerService()
    one = await started(inner)
    assert await predict(one, *(item(value) for value in (5, 3, 4))) == [5.0, 3.0, 4.0]
    assert sorted(inner.calls) == [[3], [4], [5]]
    assert await predict(one) == []


async def test_items_of_one_call_are_on_their_way_together() -> None:
    inner = Held()
    call = await waiting(await started(inner), inner, ITEM, ITEM, ITEM)
    assert not call.done()
    inner.gate.set()
    assert await call == [7.0] * 3


async def test_a_crowd_leaves_room_for_others() -> None:
    inner = Held()
    one = await started(inner, max_queue=2 * IN_FLIGHT)
    crowd = asyncio.create_task(predict(one, *[ITEM] * (2 * IN_FLIGHT)))
    async with asyncio.timeout(WAIT_S):
        for _ in range(IN_FLIGHT):
            await inner.arrived.acquire()
    assert inner.waiting == IN_FLIGHT
    inner.gate.set()
    assert await crowd == [7.0] * (2 * IN_FLIGHT)
    assert inner.most == IN_FLIGHT


async def test_threads_that_call_at_the_same_time_get_their_own_answers() -> None:
    one = await started(InnerService(), max_queue=64)
    answers = await asyncio.gather(*(predict(one, item(value), item(value + 1)) for value in range(1, 30)))
    assert answers == [[float(value), float(value + 1)] for value in range(1, 30)]


async def test_before_the_start_nothing_is_sent() -> None:
    inner = InnerService()
    with pytest.raises(DependencyUnavailable, match="not ready"):
        await predict(batcher(inner), ITEM)
    assert inner.calls == []


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
    assert await predict(await started(inner), ITEM) == [7.0]
    assert len(inner.calls) == len(PAUSES_S) + 1
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == len(PAUSES_S)


@pytest.mark.parametrize("error", [aiohttp.ServerDisconnectedError(), OSError("gone")])
async def test_a_connection_that_stays_broken_is_given_up(error: Exception) -> None:
    inner = InnerService([error] * 20)
    with pytest.raises(DependencyUnavailable):
        await predict(await started(inner), ITEM)
    assert len(inner.calls) == len(PAUSES_S) + 1


async def test_a_full_inner_queue_is_an_overload_and_not_asked_again() -> None:
    inner = InnerService([ServiceUnavailable("full")])
    with pytest.raises(Overloaded) as refused:
        await predict(await started(inner), ITEM)
    assert refused.value.retry_after_s >= 1
    assert len(inner.calls) == 1


@pytest.mark.parametrize("error", [BentoMLException("bug"), InternalServerError("bug")])
async def test_another_fault_of_the_inner_service_is_named_and_not_asked_again(error: Exception) -> None:
    inner = InnerService([error])
    with pytest.raises(DependencyUnavailable, match="bug"):
        await predict(await started(inner), ITEM)
    assert len(inner.calls) == 1


@pytest.mark.parametrize("items", [(POISON,), (ITEM, POISON, ITEM)])
async def test_an_item_that_the_model_failed_on(items: tuple[Pixels, ...]) -> None:
    with pytest.raises(InferenceFailed):
        await predict(await started(InnerService()), *items)


async def test_more_than_allowed_do_not_wait() -> None:
    inner = Held()
    one = await started(inner, max_queue=2)
    calls = [await waiting(one, inner, ITEM) for _ in range(2)]
    with pytest.raises(Overloaded):
        await predict(one, ITEM)
    inner.gate.set()
    assert await asyncio.gather(*calls) == [[7.0], [7.0]]
    assert len(inner.calls) == 2
    assert await predict(one, ITEM) == [7.0]


async def test_a_call_larger_than_the_queue_is_taken_when_nothing_waits() -> None:
    inner = Held()
    one = await started(inner, max_queue=2)
    crowd = await waiting(one, inner, *[ITEM] * 5)
    with pytest.raises(Overloaded):
        await predict(one, ITEM)
    inner.gate.set()
    assert await crowd == [7.0] * 5


async def test_failures_free_their_places() -> None:
    one = await started(InnerService([ServiceUnavailable("full"), BentoMLException("bug")]), max_queue=1)
    for error in (Overloaded, DependencyUnavailable, InferenceFailed, InferenceFailed):
        with pytest.raises(error):
            await predict(one, POISON)
    assert await predict(one, ITEM) == [7.0]
    assert await predict(one, ITEM) == [7.0]


async def test_start_waits_until_the_inner_service_is_ready() -> None:
    inner = InnerService(ready=[ConnectionRefusedError(), False, TimeoutError(), True])
    await asyncio.wait_for(batcher(inner).start(), 10)
    assert inner.unready == 0


async def test_start_does_not_hide_a_fault_that_waiting_does_not_mend() -> None:
    with pytest.raises(BentoMLException, match="no such service"):
        await batcher(InnerService(ready=[BentoMLException("no such service")])).start()


async def test_start_has_the_model_loaded_and_waits_for_it() -> None:
    inner = InnerService(loads=[Loading(), aiohttp.ServerDisconnectedError(), Loading()])
    one = await started(inner)
    assert inner.loaded == [("predict", {YUNET_N.sha256: "/graphs/yunet.onnx"})] * 4
    assert one.provider == "Provider"
    assert await predict(one, ITEM) == [7.0]


async def test_start_says_why_a_model_cannot_be_loaded() -> None:
    with pytest.raises(ModelUnavailable, match="no such graph"):
        await batcher(InnerService(loads=[Loading(), Loading(fault="no such graph")])).start()


async def test_a_process_that_was_started_again_is_told_to_load_the_model_again() -> None:
    inner = InnerService()
    one = await started(inner)
    inner.forget()
    assert await predict(one, ITEM, item(3)) == [7.0, 3.0]
    assert len(inner.loaded) >= 2


async def test_a_process_that_never_holds_the_model_is_no_endless_loop() -> None:
    inner = Forgetful()
    one = await started(inner)
    with pytest.raises(DependencyUnavailable, match="does not hold"):
        await predict(one, ITEM)


async def test_each_try_says_when_it_was_sent() -> None:
    class Clocked(InnerService):
        def __init__(self) -> None:
            super().__init__(script=[aiohttp.ServerDisconnectedError()])
            self.sent: list[float] = []

        async def predict(self, items: Sequence[Item]) -> list[Floats | str | None]:
            self.sent.extend(sent for _, sent, _ in items)
            return await super().predict(items)

    inner = Clocked()
    one = await started(inner)
    before = time.monotonic()
    assert await predict(one, ITEM) == [7]
    after = time.monotonic()
    assert len(inner.sent) == 2
    assert before <= inner.sent[0] <= inner.sent[1] <= after
