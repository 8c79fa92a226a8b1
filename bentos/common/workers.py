"""Threads that answer requests, how long a request would wait for one, and a bound on pixels in memory."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from models.errors import Overloaded

P = ParamSpec("P")
T = TypeVar("T")
Waited = Callable[[float], None]
"""Is told how many seconds something waited for its turn; it returns at once."""

SMOOTHING = 0.05
"""Weight of the latest job in the mean duration."""


class Workers:
    """A pool of threads; a request is decoded, judged and described in one of them, without a change of threads.

    Args:
        threads: Jobs that run at once.
        max_wait_s: Seconds that a job may wait for a thread; where it would be more, nothing is admitted.
        waited: Is told of each job, in its thread; None where nobody wants to know.
    """

    def __init__(self, threads: int, max_wait_s: float = math.inf, waited: Waited | None = None) -> None:
        self._threads = threads
        self._max_wait_s = max_wait_s
        self._waited = waited
        self._executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="worker")
        self._jobs = 0
        self._counting = threading.Lock()
        self._mean_s = 0.0

    @property
    def alone(self) -> bool:
        """Whether at most one job is there: it may have all cores."""
        return self._jobs <= 1

    @property
    def expected_wait_s(self) -> float:
        """How long a job that comes now would wait for a thread, by the mean of those before."""
        return max(0, self._jobs + 1 - self._threads) * self._mean_s / self._threads

    def admit(self) -> None:
        """Let a request in.

        Raises:
            Overloaded: It would wait too long.
        """
        wait = self.expected_wait_s
        if wait > self._max_wait_s:
            raise Overloaded(
                f"A request would wait about {wait:.0f} s for its turn; try again later.", math.ceil(wait)
            )

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function in a thread of the pool, with the caller's context variables.

        A job counts until its thread is done with it, also where the caller has gone away.
        """
        call = partial(self._timed, time.perf_counter(), function, *args, **kwargs)
        self._count(1)
        job = self._executor.submit(copy_context().run, call)
        job.add_done_callback(lambda _: self._count(-1))
        return await asyncio.wrap_future(job)

    def close(self) -> None:
        """Let what has begun end; what waits is cancelled."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _count(self, change: int) -> None:
        with self._counting:
            self._jobs += change

    def _timed(self, submitted: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        started = time.perf_counter()
        if self._waited is not None:
            self._waited(started - submitted)
        try:
            return function(*args, **kwargs)
        finally:
            seconds = time.perf_counter() - started
            self._mean_s += (seconds - self._mean_s) * (SMOOTHING if self._mean_s else 1.0)


class PixelBudget:
    """Lets pictures in, one after the other, as long as their pixels fit into memory together.

    A picture larger than the whole budget waits until it is alone.
    """

    def __init__(self, pixels: int) -> None:
        self._total = pixels
        self._free = pixels
        self._turn = threading.Lock()
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, pixels: int) -> Iterator[None]:
        """Hold a picture of so many pixels inside the block."""
        share = min(pixels, self._total)
        with self._turn, self._changed:
            self._changed.wait_for(lambda: self._free >= share)
            self._free -= share
        try:
            yield
        finally:
            with self._changed:
                self._free += share
                self._changed.notify_all()
