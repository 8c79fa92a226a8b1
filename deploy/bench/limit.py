"""The limit: the same work in a bare loop, no HTTP, in the arrangement of threads that is fastest here."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat

import cv2

from deploy.bench.work import Work, load_work
from models.catalogue.card import Task


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Loops side by side, each over batches."""

    name: str
    work: Work
    loops: int
    batch: int

    def rate(self, image: bytes, seconds: float) -> float:
        """Images a second."""
        end = time.perf_counter() + seconds

        def loop(_: object) -> int:
            done = 0
            while time.perf_counter() < end:
                self.work.answer([self.work.decode(image) for _ in range(self.batch)])
                done += self.batch
            return done

        started = time.perf_counter()
        with ThreadPoolExecutor(self.loops) as pool:
            done = sum(pool.map(loop, repeat(None, self.loops)))
        return done / (time.perf_counter() - started)


class Limit:
    """What this machine can do at best.

    A shared machine is faster in one minute than in the next. So the limit is not one number: it is measured
    again around every measurement that is compared with it.
    """

    def __init__(self, task: Task, image: bytes, seconds: float) -> None:
        cv2.setNumThreads(1)
        self._image = image
        found = {one: one.rate(image, seconds) for one in _arrangements(task)}
        self._best = max(found, key=lambda one: found[one])
        alone = {work: _alone_ms(work, image, seconds) for work in dict.fromkeys(one.work for one in found)}
        self._quickest = min(alone, key=lambda work: alone[work])
        self.found: Mapping[str, float] = {one.name: rate for one, rate in found.items()}
        self.alone_ms = alone[self._quickest]

    @property
    def arrangement(self) -> str:
        """The best one, in words."""
        return self._best.name

    @property
    def best(self) -> float:
        """Images a second of the best arrangement."""
        return self.found[self._best.name]

    def rate(self, seconds: float) -> float:
        """Images a second, now."""
        return self._best.rate(self._image, seconds)

    def alone(self, seconds: float) -> float:
        """Median milliseconds of one image after another, now."""
        return _alone_ms(self._quickest, self._image, seconds)


def _arrangements(task: Task) -> list[Arrangement]:
    cores = os.cpu_count() or 1
    side, inside = load_work(task, threads=1), load_work(task, threads=cores)
    return [
        Arrangement(f"{cores} loops of one thread, batch 1", side, cores, 1),
        Arrangement(f"{cores} loops of one thread, batch 4", side, cores, 4),
        Arrangement(f"one loop, {cores} threads in the run, batch 1", inside, 1, 1),
        Arrangement(f"one loop, {cores} threads in the run, batch 8", inside, 1, 8),
    ]


def _alone_ms(work: Work, image: bytes, seconds: float) -> float:
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or not times:
        started = time.perf_counter()
        work.answer([work.decode(image)])
        times.append(time.perf_counter() - started)
    return sorted(times)[len(times) // 2] * 1e3
