"""Where the time of an analysis goes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeVar

T = TypeVar("T")
Step = Literal["open", "decode", "detect", "describe", "judge", "conclude"]


class Steps:
    """Seconds by step, added up."""

    def __init__(self) -> None:
        self._seconds: dict[Step, float] = defaultdict(float)

    @contextmanager
    def step(self, name: Step) -> Iterator[None]:
        """Time that the block takes."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] += time.perf_counter() - started

    def each(self, name: Step, items: Iterable[T]) -> Iterator[T]:
        """The same items; the time that it takes to make each counts."""
        source = iter(items)
        while True:
            with self.step(name):
                item = next(source, None)
            if item is None:
                return
            yield item

    def line(self) -> str:
        """In words: ``decode 1.20 s, detect 0.80 s``."""
        return ", ".join(f"{name} {seconds:.2f} s" for name, seconds in self._seconds.items())
