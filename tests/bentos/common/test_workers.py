"""Threads for requests, who is let in to wait for one, and the bound on pixels in memory."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bentos.common.context import request_id_var
from bentos.common.workers import PixelBudget, Workers
from models.errors import Overloaded

TOTAL = 100
WAIT_S = 10
MOMENT_S = 0.1
"""Long enough for a thread that may go on to do so."""

Visits = list[tuple[int, int, bool]]


class Visitor:
    """A thread that holds a picture until the test lets it go."""

    def __init__(self, budget: PixelBudget, pixels: int) -> None:
        self.pixels = pixels
        self._budget = budget
        self._inside = threading.Event()
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._visit, daemon=True)
        self._thread.start()

    @property
    def is_inside(self) -> bool:
        return self._inside.wait(WAIT_S)

    @property
    def waits(self) -> bool:
        return not self._inside.wait(MOMENT_S)

    def leave(self) -> None:
        self._leave.set()
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()

    def _visit(self) -> None:
        with self._budget.hold(self.pixels):
            self._inside.set()
            self._leave.wait(WAIT_S)


class Held:
    """A job that keeps its thread until the test lets it go."""

    def __init__(self) -> None:
        self._begun = threading.Event()
        self._end = threading.Event()

    def __call__(self) -> str:
        self._begun.set()
        assert self._end.wait(WAIT_S)
        return threading.current_thread().name

    @property
    def has_begun(self) -> bool:
        return self._begun.is_set()

    async def begun(self) -> None:
        assert await asyncio.to_thread(self._begun.wait, WAIT_S)

    def end(self) -> None:
        self._end.set()


@contextmanager
def hasty() -> Iterator[None]:
    """Threads change every few instructions: what can go wrong between two of them does."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


@asynccontextmanager
async def busy(workers: Workers, jobs: int) -> AsyncIterator[list[Held]]:
    """So many jobs in the pool; the first ones run, as far as there are threads."""
    held = [Held() for _ in range(jobs)]
    tasks = [asyncio.create_task(workers.run(one)) for one in held]
    await held[0].begun()
    try:
        yield held
    finally:
        for one in held:
            one.end()
        await asyncio.wait_for(asyncio.gather(*tasks), WAIT_S)


@pytest.fixture
def single() -> Iterator[Workers]:
    workers = Workers(1)
    yield workers
    workers.close()


@pytest.fixture
def budget() -> PixelBudget:
    return PixelBudget(TOTAL)


def assert_free(budget: PixelBudget) -> None:
    """Everything was given back."""
    visitor = Visitor(budget, TOTAL)
    assert visitor.is_inside
    visitor.leave()


class Crowd:
    """Threads that visit a budget, and the most that they ever held together."""

    def __init__(self) -> None:
        self.budget = PixelBudget(TOTAL)
        self.most = 0
        self.visits = 0
        self._held = 0
        self._lock = threading.Lock()

    def visit(self, pixels: int, turns: int, fails: bool) -> None:
        try:
            with self.budget.hold(pixels):
                self._hold(min(pixels, TOTAL))
                for _ in range(turns):
                    time.sleep(0)
                self._hold(-min(pixels, TOTAL))
                if fails:
                    raise ValueError
        except ValueError:
            pass

    def _hold(self, pixels: int) -> None:
        with self._lock:
            self._held += pixels
            self.most = max(self.most, self._held)
            self.visits += pixels > 0


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, TOTAL * 3), st.integers(0, 4), st.booleans()), min_size=1, max_size=25)
)
def test_the_total_is_never_exceeded_and_everybody_gets_in(visits: Visits) -> None:
    crowd = Crowd()
    threads = [threading.Thread(target=crowd.visit, args=visit, daemon=True) for visit in visits]
    with hasty():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT_S)
    assert crowd.visits == len(visits)
    assert crowd.most <= TOTAL
    assert_free(crowd.budget)


def test_pictures_that_fit_together_are_held_together_and_no_more(budget: PixelBudget) -> None:
    visitors = [Visitor(budget, pixels) for pixels in (40, 30, 30)]
    assert all(visitor.is_inside for visitor in visitors)
    last = Visitor(budget, 1)
    assert last.waits
    visitors[1].leave()
    assert last.is_inside
    for visitor in (visitors[0], visitors[2], last):
        visitor.leave()
    assert_free(budget)


def test_a_picture_larger_than_everything_runs_alone(budget: PixelBudget) -> None:
    first = Visitor(budget, 10)
    assert first.is_inside
    huge = Visitor(budget, TOTAL * 5)
    assert huge.waits
    first.leave()
    assert huge.is_inside
    last = Visitor(budget, 10)
    assert last.waits
    huge.leave()
    assert last.is_inside
    last.leave()
    assert_free(budget)


def test_a_small_picture_does_not_overtake_a_large_one_that_waits(budget: PixelBudget) -> None:
    first = Visitor(budget, 60)
    assert first.is_inside
    large = Visitor(budget, 50)
    assert large.waits
    small = Visitor(budget, 5)
    assert small.waits
    first.leave()
    assert large.is_inside
    assert small.is_inside
    large.leave()
    small.leave()


def test_a_picture_that_leaves_is_not_held_up_by_one_that_waits(budget: PixelBudget) -> None:
    first, second = Visitor(budget, 50), Visitor(budget, 50)
    assert first.is_inside
    assert second.is_inside
    huge = Visitor(budget, TOTAL)
    assert huge.waits
    first.leave()
    assert huge.waits
    second.leave()
    assert huge.is_inside
    huge.leave()


def test_a_failure_gives_its_pixels_back(budget: PixelBudget) -> None:
    for pixels in (TOTAL, TOTAL * 2, 1):
        with pytest.raises(ValueError, match="broken"), budget.hold(pixels):
            raise ValueError("broken")
    assert_free(budget)


def test_one_thread_may_hold_several_pictures(budget: PixelBudget) -> None:
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(budget.hold(TOTAL // 4))
        late = Visitor(budget, 1)
        assert late.waits
    assert late.is_inside
    late.leave()


async def test_workers_run_off_the_event_loop_and_hand_back_the_answer(single: Workers) -> None:
    def add(first: int, *, second: int) -> tuple[int, str]:
        return first + second, threading.current_thread().name

    total, thread = await single.run(add, 2, second=3)
    assert total == 5
    assert thread != threading.current_thread().name


async def test_workers_hand_on_what_is_raised(single: Workers) -> None:
    with pytest.raises(ZeroDivisionError):
        await single.run(divmod, 1, 0)


async def test_workers_run_as_many_at_once_as_there_are_threads() -> None:
    workers, meeting = Workers(3), threading.Barrier(3, timeout=WAIT_S)
    places = await asyncio.gather(*(workers.run(meeting.wait) for _ in range(3)))
    workers.close()
    assert sorted(places) == [0, 1, 2]


async def test_workers_run_no_more_at_once_than_there_are_threads(single: Workers) -> None:
    async with busy(single, 2) as (first, second):
        await asyncio.sleep(MOMENT_S)
        assert not second.has_begun
        first.end()
        await second.begun()


async def test_one_job_is_alone_and_two_are_not() -> None:
    workers = Workers(4)
    assert workers.alone
    async with busy(workers, 1):
        assert workers.alone
    async with busy(workers, 2):
        assert not workers.alone
    assert workers.alone
    workers.close()


async def test_a_job_that_fails_no_longer_counts(single: Workers) -> None:
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await single.run(divmod, 1, 0)
    assert single.alone
    assert single.expected_wait_s == 0


async def test_nobody_waits_as_long_as_a_thread_is_free() -> None:
    workers = Workers(2)
    await workers.run(time.sleep, 0.02)
    assert workers.expected_wait_s == 0
    async with busy(workers, 1):
        assert workers.expected_wait_s == 0
    workers.close()


async def test_the_wait_grows_with_those_before_and_with_their_duration() -> None:
    workers = Workers(2)
    started = time.perf_counter()
    await workers.run(time.sleep, 0.04)
    mean = time.perf_counter() - started
    async with busy(workers, 2):
        next_one = workers.expected_wait_s
    assert 0.04 / 2 <= next_one <= mean / 2
    longer = Workers(2)
    await longer.run(time.sleep, 0.04)
    async with busy(longer, 5):
        assert longer.expected_wait_s >= 4 * 0.04 / 2
    workers.close()
    longer.close()


async def test_where_no_job_has_ended_nobody_is_refused() -> None:
    workers = Workers(1, max_wait_s=0.0)
    async with busy(workers, 5):
        workers.admit()
    workers.close()


async def test_who_would_wait_too_long_is_refused_and_let_in_afterwards() -> None:
    workers = Workers(1, max_wait_s=0.05)
    await workers.run(time.sleep, 0.03)
    workers.admit()
    async with busy(workers, 3):
        with pytest.raises(Overloaded) as refused:
            workers.admit()
        assert refused.value.retry_after_s >= 1
    workers.admit()
    workers.close()


async def test_without_a_limit_everybody_may_wait(single: Workers) -> None:
    await single.run(time.sleep, 0.02)
    async with busy(single, 50):
        assert single.expected_wait_s >= 50 * 0.02
        single.admit()


async def test_a_caller_that_goes_away_while_it_waits_is_never_run(single: Workers) -> None:
    async with busy(single, 1):
        late = Held()
        task = asyncio.create_task(single.run(late))
        await asyncio.sleep(0)
        assert not single.alone
        task.cancel()
        await asyncio.wait([task], timeout=WAIT_S)
        assert single.alone
    assert await single.run(int) == 0  # the pool has got to the end of its queue
    assert not late.has_begun


async def test_a_job_counts_until_its_thread_is_done_although_its_caller_has_gone() -> None:
    workers, running, other = Workers(2), Held(), Held()
    gone = asyncio.create_task(workers.run(running))
    await running.begun()
    gone.cancel()
    await asyncio.wait([gone], timeout=WAIT_S)
    staying = asyncio.create_task(workers.run(other))
    await other.begun()
    assert not workers.alone
    running.end()
    other.end()
    await asyncio.wait_for(staying, WAIT_S)
    await asyncio.to_thread(workers.close)
    assert workers.alone


async def test_a_job_sees_its_callers_context(single: Workers) -> None:
    request_id_var.set("mine")
    assert await single.run(request_id_var.get) == "mine"


async def test_closing_lets_what_has_begun_end_and_cancels_what_waits() -> None:
    workers, running, late = Workers(1), Held(), Held()
    tasks = [asyncio.create_task(workers.run(one)) for one in (running, late)]
    await running.begun()
    closing = asyncio.create_task(asyncio.to_thread(workers.close))
    await asyncio.wait([tasks[1]], timeout=WAIT_S)
    running.end()
    await asyncio.wait_for(closing, WAIT_S)
    assert (await tasks[0]).startswith("worker")
    assert tasks[1].cancelled()
    assert not late.has_begun


async def test_closed_workers_take_nothing_more() -> None:
    workers = Workers(1)
    workers.close()
    with pytest.raises(RuntimeError):
        await workers.run(int)


async def test_each_job_tells_once_how_long_it_waited_for_its_thread() -> None:
    waits: list[float] = []
    workers = Workers(1, waited=waits.append)
    async with busy(workers, 1):
        assert len(waits) == 1
        behind = asyncio.create_task(workers.run(lambda: None))
        await asyncio.sleep(0)  # it is handed in
        began = time.perf_counter()
        await asyncio.sleep(MOMENT_S)
        held = time.perf_counter() - began
        assert len(waits) == 1
    await asyncio.wait_for(behind, WAIT_S)
    workers.close()
    assert len(waits) == 2
    assert waits[0] >= 0
    assert waits[1] >= held


async def test_a_job_that_fails_has_waited_too() -> None:
    waits: list[float] = []
    workers = Workers(1, waited=waits.append)
    with pytest.raises(ZeroDivisionError):
        await workers.run(lambda: 1 / 0)
    workers.close()
    assert len(waits) == 1
