"""Batches made ahead while the network trains."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from training_eval.training.problem import Batch, Problem
from training_eval.training.schedule import Schedule


def batches(problem: Problem, schedule: Schedule, start: int, workers: int) -> Generator[Batch, None, None]:
    """The batches of the steps from ``start`` on, in their order.

    The batch of step i is drawn with ``default_rng([seed, i])``: a resumed run sees what an undisturbed one sees.

    Args:
        problem: Makes them.
        schedule: Its seed, batch size and steps.
        start: Steps done already.
        workers: Threads that make batches; at least one.
    """
    workers = max(1, workers)
    waiting: deque[Future[Batch]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="batch") as pool:
        try:
            for step in range(start, schedule.steps):
                random = np.random.default_rng([schedule.seed, step])
                waiting.append(pool.submit(problem.batch, random, schedule.batch))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
