"""Batching in the own process: what gathers while the model is busy becomes the next batch."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from bentos.common.batching.base import predict_each
from bentos.common.batching.process import ProcessBatcher
from bentos.common.errors import InferenceFailed
from bentos.common.settings import BatchSettings
from models.catalogue.card import ModelCard
from models.errors import ModelUnavailable, Overloaded
from models.runtime.session import Floats, Pixels

POISON = 255
WAIT_S = 10


class GatedModel:
    """Answers with the first byte of an item; each batch waits until the test lets it through."""

    cards: tuple[ModelCard, ...] = ()
    provider = "none"

    def __init__(self, gated: bool = True) -> None:
        self.batches: list[list[int]] = []
        self.warm = 0
        self._entered = threading.Semaphore(0)
        self._gate = threading.Semaphore(0)
        self._open = threading.Event()
        if not gated:
            self._open.set()

    def warm_up(self) -> None:
        self.warm += 1

    def predict(self, items: Sequence[Pixels]) -> list[Floats]:
        values = [int(item[0, 0, 0]) for item in items]
        self.batches.append(values)
        self._entered.release()
        if not self._open.is_set() and not self._gate.acquire(timeout=WAIT_S):
            raise TimeoutError("the test did not let the batch through")
        if POISON in values:
            raise ValueError("poisoned")
        return [np.array([value], np.float32) for value in values]

    async def entered(self) -> None:
        assert await asyncio.to_thread(self._entered.acquire, timeout=WAIT_S)

    def let_one_through(self) -> None:
        self._gate.release()

    def let_all_through(self) -> None:
        self._open.set()
        self._gate.release(64)


class Bench:
    """A gated model behind a batcher, and the callers that wait for it."""

    def __init__(self, **settings: int) -> None:
        values: dict[str, int] = {"max_size": 8, "max_queue": 64, "workers": 1, **settings}
        self.model = GatedModel()
        self.batcher = ProcessBatcher(
            self.model,
            BatchSettings(mode="process", max_age_ms=10_000.0, **values),
        )

    async def submit(self, *values: int) -> list[asyncio.Task[Floats]]:
        tasks = [asyncio.create_task(self.batcher.submit(item(value))) for value in values]
        await asyncio.sleep(0)  # every caller has handed in its item now
        return tasks

    async def busy_with(self, value: int) -> asyncio.Task[Floats]:
        (task,) = await self.submit(value)
        await self.model.entered()
        return task


def item(value: int) -> Pixels:
    return np.full((2, 2, 3), value, np.uint8)


async def numbers(tasks: Sequence[asyncio.Task[Floats]]) -> list[int]:
    return [int(answer[0]) for answer in await asyncio.wait_for(asyncio.gather(*tasks), WAIT_S)]


@pytest.fixture
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    made = Bench(**getattr(request, "param", {}))
    yield made
    made.model.let_all_through()
    await made.batcher.close()


async def test_a_lone_item_is_answered_without_waiting_for_company(bench: Bench) -> None:
    (task,) = await bench.submit(7)
    await bench.model.entered()  # it is in the model although nobody else has come
    bench.model.let_one_through()
    assert await numbers([task]) == [7]
    assert bench.model.batches == [[7]]


async def test_what_gathers_while_the_model_is_busy_is_one_batch_in_order(bench: Bench) -> None:
    first = await bench.busy_with(0)
    others = await bench.submit(5, 3, 1, 4, 2)
    bench.model.let_all_through()
    assert await numbers([first, *others]) == [0, 5, 3, 1, 4, 2]
    assert bench.model.batches == [[0], [5, 3, 1, 4, 2]]


async def test_no_batch_is_larger_than_allowed(bench: Bench) -> None:
    first = await bench.busy_with(0)
    others = await bench.submit(*range(1, 20))
    bench.model.let_all_through()
    assert await numbers([first, *others]) == list(range(20))
    assert [len(batch) for batch in bench.model.batches] == [1, 8, 8, 3]


async def test_the_same_batcher_answers_after_it_was_idle(bench: Bench) -> None:
    bench.model.let_all_through()
    for value in (1, 2, 3):
        assert await numbers(await bench.submit(value)) == [value]


async def test_a_poisoned_item_fails_alone(bench: Bench) -> None:
    first = await bench.busy_with(0)
    before, poisoned, after = await bench.submit(1, POISON, 2)
    bench.model.let_all_through()
    assert await numbers([first, before, after]) == [0, 1, 2]
    with pytest.raises(InferenceFailed):
        await poisoned
    assert await numbers(await bench.submit(3)) == [3]


async def test_a_caller_that_has_gone_away_is_skipped(bench: Bench) -> None:
    first = await bench.busy_with(0)
    one, gone, two = await bench.submit(1, 9, 2)
    gone.cancel()
    await asyncio.wait([gone])
    bench.model.let_all_through()
    assert await numbers([first, one, two]) == [0, 1, 2]
    assert bench.model.batches == [[0], [1, 2]]


async def test_a_caller_that_goes_away_while_its_batch_runs_disturbs_nobody(bench: Bench) -> None:
    gone = await bench.busy_with(0)
    others = await bench.submit(1, 2)
    gone.cancel()
    bench.model.let_all_through()
    assert await numbers(others) == [1, 2]
    assert gone.cancelled()


@pytest.mark.parametrize("bench", [{"max_queue": 2}], indirect=True)
async def test_a_full_queue_refuses_and_takes_items_again_afterwards(bench: Bench) -> None:
    first = await bench.busy_with(0)
    waiting = await bench.submit(1, 2)
    with pytest.raises(Overloaded) as refused:
        await bench.batcher.submit(item(3))
    assert refused.value.retry_after_s >= 1
    bench.model.let_all_through()
    assert await numbers([first, *waiting]) == [0, 1, 2]
    assert await numbers(await bench.submit(4)) == [4]


@pytest.mark.parametrize("bench", [{"workers": 2}], indirect=True)
async def test_several_workers_share_what_has_gathered(bench: Bench) -> None:
    tasks = [await bench.busy_with(0), await bench.busy_with(1)]
    tasks += await bench.submit(2, 3, 4, 5, 6, 7)
    bench.model.let_one_through()
    await bench.model.entered()
    assert bench.model.batches[2:] == [[2, 3, 4]]
    bench.model.let_one_through()
    await bench.model.entered()
    assert bench.model.batches[3:] == [[5, 6]]
    bench.model.let_all_through()
    assert await numbers(tasks) == list(range(8))


@pytest.mark.parametrize("bench", [{"workers": 3}], indirect=True)
async def test_no_more_batches_run_at_once_than_there_are_workers(bench: Bench) -> None:
    tasks = [await bench.busy_with(value) for value in range(3)]
    tasks += await bench.submit(3, 4)
    assert bench.model.batches == [[0], [1], [2]]
    bench.model.let_all_through()
    assert await numbers(tasks) == list(range(5))


async def test_closing_answers_what_is_queued(bench: Bench) -> None:
    first = await bench.busy_with(0)
    others = await bench.submit(*range(1, 12))
    closing = asyncio.create_task(bench.batcher.close())
    bench.model.let_all_through()
    await asyncio.wait_for(closing, WAIT_S)
    assert await numbers([first, *others]) == list(range(12))


async def test_start_warms_the_model_up(bench: Bench) -> None:
    await bench.batcher.start()
    assert bench.model.warm == 1


async def test_start_says_why_the_model_is_not_there() -> None:
    class Missing(GatedModel):
        def warm_up(self) -> None:
            raise ModelUnavailable("no weights")

    batcher = ProcessBatcher(
        Missing(), BatchSettings(mode="process", max_size=1, max_age_ms=100.0, max_queue=1)
    )
    with pytest.raises(ModelUnavailable, match="no weights"):
        await batcher.start()
    await batcher.close()


def test_predict_each_asks_once_where_nothing_fails() -> None:
    model = GatedModel(gated=False)
    assert [int(one[0]) for one in predict_each(model, [item(1), item(2)]) if one is not None] == [1, 2]
    assert model.batches == [[1, 2]]


def test_predict_each_tries_alone_what_failed_together() -> None:
    model = GatedModel(gated=False)
    answers = predict_each(model, [item(1), item(POISON), item(2)])
    assert [None if one is None else int(one[0]) for one in answers] == [1, None, 2]
    assert model.batches == [[1, POISON, 2], [1], [POISON], [2]]


def test_predict_each_does_not_ask_twice_for_a_single_item() -> None:
    model = GatedModel(gated=False)
    assert predict_each(model, [item(POISON)]) == [None]
    assert model.batches == [[POISON]]
