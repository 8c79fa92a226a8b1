"""Batching in the own process: what gathers while the model is busy becomes the next batch."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future

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
        self.threads: list[str] = []
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
        self.threads.append(threading.current_thread().name)
        self._entered.release()
        if not self._open.is_set() and not self._gate.acquire(timeout=WAIT_S):
            raise TimeoutError("the test did not let the batch through")
        if POISON in values:
            raise ValueError("poisoned")
        return [np.array([value], np.float32) for value in values]

    def entered(self) -> None:
        assert self._entered.acquire(timeout=WAIT_S)

    def enters_within(self, seconds: float) -> bool:
        return self._entered.acquire(timeout=seconds)

    def let_one_through(self) -> None:
        self._gate.release()

    def let_all_through(self) -> None:
        self._open.set()
        self._gate.release(64)


class HandedIn(list[Pixels]):
    """Items that tell when a batcher has taken the last of them over."""

    def __init__(self, items: Sequence[Pixels]) -> None:
        super().__init__(items)
        self.taken = threading.Event()

    def __iter__(self) -> Iterator[Pixels]:
        yield from super().__iter__()
        self.taken.set()


class Caller:
    """A thread that hands in items and waits for their answers; its name is its first item's value."""

    def __init__(self, batcher: ProcessBatcher, *values: int) -> None:
        self._batcher = batcher
        self._items = HandedIn([item(value) for value in values])
        self._answers: Future[list[Floats]] = Future()
        threading.Thread(target=self._call, name=str(values[0]), daemon=True).start()
        assert self._items.taken.wait(WAIT_S)  # queued, or refused

    @property
    def numbers(self) -> list[int]:
        return [int(answer[0]) for answer in self._answers.result(WAIT_S)]

    @property
    def waits(self) -> bool:
        return not self._answers.done()

    def _call(self) -> None:
        try:
            self._answers.set_result(self._batcher.predict(self._items))
        except Exception as error:
            self._answers.set_exception(error)
        finally:
            self._items.taken.set()


class Bench:
    """A gated model behind a batcher, and the callers that wait for it."""

    def __init__(self, **settings: int) -> None:
        self.model = GatedModel()
        self.waits: list[float] = []
        self.batcher = ProcessBatcher(self.model, batching(**settings), self.waits.append)

    def call(self, *values: int) -> Caller:
        return Caller(self.batcher, *values)

    def calls(self, *values: int) -> list[Caller]:
        """A caller for each value, in order."""
        return [self.call(value) for value in values]

    def busy_with(self, *values: int) -> Caller:
        caller = self.call(*values)
        self.model.entered()
        return caller


def batching(**settings: int) -> BatchSettings:
    values: dict[str, int] = {"max_size": 8, "max_queue": 64, "workers": 1, **settings}
    return BatchSettings(mode="process", max_age_ms=10_000.0, **values)


def item(value: int) -> Pixels:
    return np.full((2, 2, 3), value, np.uint8)


def numbers(callers: Sequence[Caller]) -> list[int]:
    return [number for caller in callers for number in caller.numbers]


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    made = Bench(**getattr(request, "param", {}))
    yield made
    made.model.let_all_through()


def test_a_lone_item_is_answered_without_waiting_for_company(bench: Bench) -> None:
    caller = bench.busy_with(7)  # it is in the model although nobody else has come
    bench.model.let_one_through()
    assert caller.numbers == [7]
    assert bench.model.batches == [[7]]


def test_a_lone_caller_runs_the_model_itself(bench: Bench) -> None:
    bench.model.let_all_through()
    bench.batcher.predict([item(1)])
    assert bench.model.threads == [threading.current_thread().name]


def test_what_gathers_while_the_model_is_busy_is_one_batch_in_order(bench: Bench) -> None:
    first = bench.busy_with(0)
    others = bench.calls(5, 3, 1, 4, 2)
    bench.model.let_all_through()
    assert numbers([first, *others]) == [0, 5, 3, 1, 4, 2]
    assert bench.model.batches == [[0], [5, 3, 1, 4, 2]]


def test_no_batch_is_larger_than_allowed(bench: Bench) -> None:
    first = bench.busy_with(0)
    others = bench.calls(*range(1, 20))
    bench.model.let_all_through()
    assert numbers([first, *others]) == list(range(20))
    assert [len(batch) for batch in bench.model.batches] == [1, 8, 8, 3]


def test_items_of_one_call_are_answered_in_order_and_share_batches(bench: Bench) -> None:
    first = bench.busy_with(0)
    others = [bench.call(1, 2, 3), bench.call(4), bench.call(6, 5, 8, 7, 9, 11, 10)]
    bench.model.let_all_through()
    assert [caller.numbers for caller in others] == [[1, 2, 3], [4], [6, 5, 8, 7, 9, 11, 10]]
    assert first.numbers == [0]
    assert bench.model.batches == [[0], [1, 2, 3, 4, 6, 5, 8, 7], [9, 11, 10]]


def test_a_call_without_items_waits_for_nothing(bench: Bench) -> None:
    first = bench.busy_with(0)
    assert bench.batcher.predict([]) == []
    bench.model.let_one_through()
    assert first.numbers == [0]
    assert bench.model.batches == [[0]]


def test_the_same_batcher_answers_after_it_was_idle(bench: Bench) -> None:
    bench.model.let_all_through()
    for value in (1, 2, 3):
        assert bench.call(value).numbers == [value]


def test_a_poisoned_item_fails_alone(bench: Bench) -> None:
    first = bench.busy_with(0)
    before, poisoned, mixed, after = bench.call(1), bench.call(POISON), bench.call(2, POISON), bench.call(3)
    bench.model.let_all_through()
    assert numbers([first, before, after]) == [0, 1, 3]
    for caller in (poisoned, mixed):
        with pytest.raises(InferenceFailed):
            assert caller.numbers
    assert bench.call(4).numbers == [4]


def test_a_thread_that_leads_with_a_poisoned_item_still_serves_and_hands_over(bench: Bench) -> None:
    poisoned = bench.busy_with(POISON)
    others = bench.calls(1, 2)
    bench.model.let_all_through()
    assert numbers(others) == [1, 2]
    with pytest.raises(InferenceFailed):
        assert poisoned.numbers


@pytest.mark.parametrize("bench", [{"max_queue": 2}], indirect=True)
def test_a_full_queue_refuses_and_takes_items_again_afterwards(bench: Bench) -> None:
    first = bench.busy_with(0)
    waiting = bench.calls(1, 2)
    with pytest.raises(Overloaded) as refused:
        assert bench.call(3).numbers
    assert refused.value.retry_after_s >= 1
    bench.model.let_all_through()
    assert numbers([first, *waiting]) == [0, 1, 2]
    assert bench.model.batches == [[0], [1, 2]]
    assert bench.call(4).numbers == [4]


@pytest.mark.parametrize("bench", [{"max_queue": 2}], indirect=True)
def test_a_call_larger_than_the_queue_is_taken_when_nothing_waits(bench: Bench) -> None:
    first = bench.busy_with(0)
    crowd = bench.call(1, 2, 3, 4, 5)
    with pytest.raises(Overloaded):
        assert bench.call(6).numbers
    bench.model.let_all_through()
    assert numbers([first, crowd]) == list(range(6))
    assert bench.call(7, 8, 9).numbers == [7, 8, 9]


@pytest.mark.parametrize("bench", [{"max_size": 2}], indirect=True)
def test_a_thread_leaves_once_its_own_item_is_answered_and_the_longest_waiting_one_goes_on(
    bench: Bench,
) -> None:
    first = bench.busy_with(10)
    one, two, three, four = bench.calls(1, 2, 3, 4)
    bench.model.let_one_through()
    bench.model.entered()
    assert first.numbers == [10]  # although others wait for a model that is busy again
    assert all(caller.waits for caller in (one, two, three, four))
    bench.model.let_one_through()
    bench.model.entered()
    assert numbers([one, two]) == [1, 2]
    assert three.waits
    bench.model.let_one_through()
    assert numbers([three, four]) == [3, 4]
    assert bench.model.batches == [[10], [1, 2], [3, 4]]
    assert bench.model.threads == ["10", "1", "3"]


@pytest.mark.parametrize("bench", [{"max_size": 2}], indirect=True)
def test_a_thread_runs_the_model_until_all_its_own_items_are_answered(bench: Bench) -> None:
    crowd = bench.busy_with(1, 2, 3, 4, 5)
    others = bench.calls(6, 7)
    bench.model.let_all_through()
    assert numbers([crowd, *others]) == list(range(1, 8))
    assert bench.model.batches == [[1, 2], [3, 4], [5, 6], [7]]
    assert bench.model.threads == ["1", "1", "1", "7"]


@pytest.mark.parametrize("bench", [{"workers": 2, "max_size": 3}], indirect=True)
def test_several_workers_share_what_has_gathered(bench: Bench) -> None:
    callers = [bench.busy_with(0), bench.busy_with(1)]
    callers += bench.calls(2, 3, 4, 5, 6, 7)
    for batch in ([2, 3, 4], [5, 6, 7]):
        bench.model.let_one_through()
        bench.model.entered()
        assert bench.model.batches[-1] == batch
    bench.model.let_all_through()
    assert numbers(callers) == list(range(8))


@pytest.mark.parametrize("bench", [{"workers": 2, "max_size": 2}], indirect=True)
def test_a_newcomer_with_a_free_worker_starts_with_those_that_wait_longer(bench: Bench) -> None:
    crowd = bench.busy_with(1, 2, 3, 4, 5)
    newcomer = bench.busy_with(6)
    assert bench.model.batches == [[1, 2], [3, 4]]
    bench.model.let_all_through()
    assert crowd.numbers == [1, 2, 3, 4, 5]
    assert newcomer.numbers == [6]


@pytest.mark.parametrize("bench", [{"workers": 3}], indirect=True)
def test_no_more_batches_run_at_once_than_there_are_workers(bench: Bench) -> None:
    callers = [bench.busy_with(value) for value in range(3)]
    callers += bench.calls(3, 4)
    assert not bench.model.enters_within(0.1)
    assert bench.model.batches == [[0], [1], [2]]
    bench.model.let_all_through()
    assert numbers(callers) == list(range(5))


class Crowded:
    """Answers with an item's number, and knows how many batches ran at once and how large they were."""

    cards: tuple[ModelCard, ...] = ()
    provider = "none"

    def __init__(self) -> None:
        self.at_once: Counter[int] = Counter()
        self.sizes: Counter[int] = Counter()
        self.meeting = threading.Barrier(1)
        self._running = 0
        self._lock = threading.Lock()

    def warm_up(self) -> None:
        """Nothing to make ready."""

    def predict(self, items: Sequence[Pixels]) -> list[Floats]:
        with self._lock:
            self._running += 1
            self.at_once[self._running] += 1
            self.sizes[len(items)] += 1
        self.meeting.wait(WAIT_S)
        time.sleep(0)  # lets other threads in, as a real model does
        with self._lock:
            self._running -= 1
        return [np.array([number_of(one)], np.float32) for one in items]


def numbered(number: int) -> Pixels:
    return np.frombuffer(number.to_bytes(3, "little"), np.uint8).reshape(1, 1, 3)


def number_of(one: Pixels) -> int:
    return int.from_bytes(one.tobytes(), "little")


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads change every few instructions: what can go wrong between two of them does."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def _ask(batcher: ProcessBatcher, first: int, wrong: list[int]) -> None:
    sizes = random.Random(first)
    for number in range(first, first + 400, 4):
        asked = range(number, number + sizes.randint(1, 4))
        answers = batcher.predict([numbered(one) for one in asked])
        if [int(answer[0]) for answer in answers] != list(asked):
            wrong.append(number)


def run_all(threads: Sequence[threading.Thread]) -> None:
    deadline = time.monotonic() + 60
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("workers", [1, 3])
def test_no_caller_is_forgotten_none_gets_anothers_answer_and_no_worker_is_lost(workers: int) -> None:
    model, wrong = Crowded(), list[int]()
    batcher = ProcessBatcher(model, batching(workers=workers, max_size=3, max_queue=128))
    starts = range(0, 32 * 400, 400)
    run_all([threading.Thread(target=_ask, args=(batcher, start, wrong), daemon=True) for start in starts])
    assert not wrong
    assert max(model.at_once) <= workers
    assert max(model.sizes) == 3
    assert (max(model.at_once) > 1) == (workers > 1)
    model.meeting = threading.Barrier(workers)  # passed only by as many batches at once
    last = [Caller(batcher, number) for number in range(workers)]
    assert len(numbers(last)) == workers


async def test_start_warms_the_model_up(bench: Bench) -> None:
    await bench.batcher.start()
    assert bench.model.warm == 1


async def test_start_says_why_the_model_is_not_there() -> None:
    class Missing(GatedModel):
        def warm_up(self) -> None:
            raise ModelUnavailable("no weights")

    with pytest.raises(ModelUnavailable, match="no weights"):
        await ProcessBatcher(Missing(), batching()).start()


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


def test_each_call_tells_once_how_long_its_first_item_waited_for_its_batch() -> None:
    bench = Bench(max_size=2)
    first = bench.busy_with(1)
    before = time.perf_counter()
    queued = bench.call(2, 3, 4)
    began = time.perf_counter()
    assert queued.waits
    assert bench.waits == []
    time.sleep(0.05)
    held = time.perf_counter() - began
    bench.model.let_one_through()
    bench.model.entered()
    entered = time.perf_counter()  # 2 and 3 are in a batch, 4 waits
    time.sleep(0.05)
    bench.model.let_all_through()
    assert numbers([first, queued]) == [1, 2, 3, 4]
    assert len(bench.waits) == 2
    assert min(bench.waits) >= 0
    assert held <= max(bench.waits) <= entered - before


def test_a_call_that_fails_has_waited_and_one_of_nothing_or_refused_has_not() -> None:
    bench = Bench(max_queue=1)
    bench.model.let_all_through()
    assert bench.batcher.predict([]) == []
    assert bench.waits == []
    with pytest.raises(InferenceFailed):
        bench.batcher.predict([item(POISON)])
    assert len(bench.waits) == 1
    held = Bench(max_queue=1)
    first = held.busy_with(1)
    waiting = held.call(2)
    with pytest.raises(Overloaded):
        held.batcher.predict([item(3)])
    held.model.let_all_through()
    assert numbers([first, waiting]) == [1, 2]
    assert len(held.waits) == 2
