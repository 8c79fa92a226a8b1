"""Threads for pixels, and the bound on pixels in memory."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bentos.common.workers import PixelBudget, Workers

TOTAL = 100
Visits = list[tuple[int, int, bool]]


class Watched:
    """A budget, and what is held of it at any time."""

    def __init__(self) -> None:
        self.budget = PixelBudget(TOTAL)
        self.inside: list[int] = []
        self.entered: list[int] = []

    async def visit(self, pixels: int, gate: asyncio.Event) -> None:
        async with self.budget.hold(pixels):
            self.inside.append(pixels)
            self.entered.append(pixels)
            assert sum(self.inside) <= TOTAL or self.inside == [pixels]
            await gate.wait()
            self.inside.remove(pixels)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def _crowd(visits: Visits) -> None:
    budget, held, peak, order = PixelBudget(TOTAL), [0], [0], []

    async def visit(index: int, pixels: int, turns: int, fails: bool) -> None:
        async with budget.hold(pixels):
            order.append(index)
            held[0] += min(pixels, TOTAL)
            peak[0] = max(peak[0], held[0])
            for _ in range(turns):
                await asyncio.sleep(0)
            held[0] -= min(pixels, TOTAL)
            if fails:
                raise ValueError

    tasks = [asyncio.create_task(visit(index, *one)) for index, one in enumerate(visits)]
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    assert peak[0] <= TOTAL
    assert order == list(range(len(visits)))
    async with asyncio.timeout(10), budget.hold(TOTAL):  # all of it was given back
        pass


@given(
    st.lists(st.tuples(st.integers(1, TOTAL * 3), st.integers(0, 4), st.booleans()), min_size=1, max_size=25)
)
def test_the_total_is_never_exceeded_and_turns_are_kept(visits: Visits) -> None:
    asyncio.run(_crowd(visits))


async def test_pictures_that_fit_together_are_held_together() -> None:
    watched, gate = Watched(), asyncio.Event()
    tasks = [asyncio.create_task(watched.visit(pixels, gate)) for pixels in (40, 30, 30)]
    await settle()
    assert watched.inside == [40, 30, 30]
    gate.set()
    await asyncio.wait_for(asyncio.gather(*tasks), 10)


async def test_a_picture_larger_than_everything_runs_alone() -> None:
    watched = Watched()
    gates = [asyncio.Event() for _ in range(3)]
    sizes = (10, TOTAL * 5, 10)
    tasks = [asyncio.create_task(watched.visit(*one)) for one in zip(sizes, gates, strict=True)]
    await settle()
    assert watched.inside == [10]
    gates[0].set()
    await settle()
    assert watched.inside == [TOTAL * 5]
    gates[1].set()
    await settle()
    assert watched.inside == [10]
    gates[2].set()
    await asyncio.wait_for(asyncio.gather(*tasks), 10)


async def test_a_small_picture_does_not_overtake_a_large_one_that_waits() -> None:
    watched, gate = Watched(), asyncio.Event()
    tasks = [asyncio.create_task(watched.visit(pixels, gate)) for pixels in (60, 50, 5)]
    await settle()
    assert watched.entered == [60]
    gate.set()
    await asyncio.wait_for(asyncio.gather(*tasks), 10)
    assert watched.entered == [60, 50, 5]


async def test_a_failure_gives_its_pixels_back() -> None:
    budget = PixelBudget(TOTAL)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"):
            async with budget.hold(TOTAL):
                raise ValueError("broken")
    async with asyncio.timeout(10), budget.hold(TOTAL):
        pass


async def test_a_caller_that_goes_away_while_it_waits_takes_nothing() -> None:
    watched, gate = Watched(), asyncio.Event()
    first = asyncio.create_task(watched.visit(60, gate))
    gone = asyncio.create_task(watched.visit(90, gate))
    last = asyncio.create_task(watched.visit(40, gate))
    await settle()
    gone.cancel()
    await settle()
    assert watched.inside == [60, 40]
    gate.set()
    await asyncio.wait_for(asyncio.gather(first, last), 10)


async def test_workers_run_off_the_event_loop_and_hand_back_the_answer() -> None:
    workers = Workers(1)

    def add(first: int, *, second: int) -> tuple[int, str]:
        return first + second, threading.current_thread().name

    total, thread = await workers.run(add, 2, second=3)
    workers.close()
    assert total == 5
    assert thread != threading.current_thread().name


async def test_workers_hand_on_what_is_raised() -> None:
    workers = Workers(1)
    with pytest.raises(ZeroDivisionError):
        await workers.run(divmod, 1, 0)
    workers.close()


async def test_workers_run_as_many_at_once_as_there_are_threads() -> None:
    workers, meeting = Workers(3), threading.Barrier(3, timeout=10)
    places = await asyncio.gather(*(workers.run(meeting.wait) for _ in range(3)))
    workers.close()
    assert sorted(places) == [0, 1, 2]


async def test_closed_workers_take_nothing_more() -> None:
    workers = Workers(1)
    workers.close()
    with pytest.raises(RuntimeError):
        await workers.run(int)
