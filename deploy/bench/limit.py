"""The limit: the same work in a bare loop, no HTTP, in the arrangement of threads that is fastest here."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat

import cv2

from deploy.bench.work import Work, load_work
from models.catalogue.card import Task


@dataclass(frozen=True, slots=True)
class Limit:
    """Images a second at best, how, and milliseconds of one image alone."""

    rate: float
    arrangement: str
    alone_ms: float


def measure_limit(task: Task, image: bytes, seconds: float) -> Limit:
    """Measure the arrangements that a server could choose among: threads beside or inside a run, and batches."""
    cores = os.cpu_count() or 1
    cv2.setNumThreads(1)
    side, inside = load_work(task, threads=1), load_work(task, threads=cores)
    found = {
        f"{cores} loops of one thread, batch 1": _loops(side, image, cores, 1, seconds),
        f"{cores} loops of one thread, batch 4": _loops(side, image, cores, 4, seconds),
        f"one loop, {cores} threads in the run, batch 1": _loops(inside, image, 1, 1, seconds),
        f"one loop, {cores} threads in the run, batch 8": _loops(inside, image, 1, 8, seconds),
    }
    best = max(found, key=lambda name: found[name])
    alone = min(_alone(work, image, seconds) for work in (side, inside))
    return Limit(found[best], best, alone)


def _loops(work: Work, image: bytes, loops: int, batch: int, seconds: float) -> float:
    end = time.perf_counter() + seconds

    def loop(_: object) -> int:
        done = 0
        while time.perf_counter() < end:
            work.answer([work.decode(image) for _ in range(batch)])
            done += batch
        return done

    started = time.perf_counter()
    with ThreadPoolExecutor(loops) as pool:
        done = sum(pool.map(loop, repeat(None, loops)))
    return done / (time.perf_counter() - started)


def _alone(work: Work, image: bytes, seconds: float) -> float:
    """Median milliseconds of one image after another."""
    times = _times(lambda: work.answer([work.decode(image)]), seconds)
    return sorted(times)[len(times) // 2] * 1e3


def _times(function: Callable[[], object], seconds: float) -> list[float]:
    end, times = time.perf_counter() + seconds, []
    while time.perf_counter() < end:
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return times
