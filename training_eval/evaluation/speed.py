"""How long one item takes, beside a fixed piece of work, so that figures of two runs compare."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np

from training_eval.evaluation.subject import Subject

ROUNDS = 15
_VALUES = 300_000


def milliseconds(subject: Subject, rounds: int = ROUNDS) -> tuple[float, float]:
    """Median time of one item and of the reference work, taken in turns on one thread.

    Returns:
        Milliseconds of the model, milliseconds of the reference.
    """
    reference = np.random.default_rng(0).standard_normal(_VALUES)

    def fixed() -> object:
        """Sorting and exponentials: NumPy does both on one thread."""
        return np.exp(np.sort(reference))

    def once() -> tuple[float, float]:
        return _timed(subject.work), _timed(fixed)

    once()  # the first run pays for allocation
    own, other = zip(*(once() for _ in range(rounds)), strict=True)
    return median(own), median(other)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e3
