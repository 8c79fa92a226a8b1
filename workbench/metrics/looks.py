"""The looks of a session at one service: the last minute of them, and a short history of figures."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from workbench.metrics.figures import queues_of, traffic_of
from workbench.metrics.scrape import Increase, Scrape, increase_over, since_start

MINUTE_S = 60.0
POINTS = 180
"""Kept of a history: a quarter of an hour with a look every five seconds."""


@dataclass(frozen=True, slots=True)
class Point:
    """What was between two looks.

    Attributes:
        at: Seconds since 1970 of the later one.
        per_s: Requests a second.
        failed: Share of them, None without any.
        p95_s: Seconds that all but the slowest twentieth took.
        queued_s: The same of the longest wait in a queue.
    """

    at: float
    per_s: float | None
    failed: float | None
    p95_s: float | None
    queued_s: float | None


@dataclass
class Looks:
    """Looks at one service, the newest last."""

    scrapes: deque[Scrape] = field(default_factory=deque)
    points: deque[Point] = field(default_factory=lambda: deque(maxlen=POINTS))

    def add(self, scrape: Scrape, at: float) -> None:
        """Take a look in.

        Args:
            scrape: Later than all others.
            at: The time of the day, in seconds since 1970.
        """
        self.scrapes.append(scrape)
        while len(self.scrapes) > 2 and scrape.at - self.scrapes[0].at > MINUTE_S:
            self.scrapes.popleft()
        if len(self.scrapes) > 1:
            step = increase_over(list(self.scrapes)[-2:])
            assert step is not None
            self.points.append(_point(step, at))

    @property
    def latest(self) -> Scrape | None:
        return self.scrapes[-1] if self.scrapes else None

    def last_look(self) -> Increase | None:
        """Between the last two looks."""
        return increase_over(list(self.scrapes)[-2:])

    def last_minute(self) -> Increase | None:
        """Between the first look of the last minute and the last one."""
        return increase_over(list(self.scrapes))

    def since_start(self) -> Increase | None:
        """Since the service started."""
        return None if self.latest is None else since_start(self.latest)

    @property
    def began_again(self) -> bool:
        """Whether a counter of the service fell within the minute: it restarted, or another replica answered."""
        return any(
            value < before.counts.get(series, 0.0)
            for before, after in pairwise(self.scrapes)
            for series, value in after.counts.items()
            if series.name == "http_requests_total"
        )


WINDOWS: dict[str, Callable[[Looks], Increase | None]] = {
    "Last look": Looks.last_look,
    "Last minute": Looks.last_minute,
    "Since its start": Looks.since_start,
}


def _point(step: Increase, at: float) -> Point:
    traffic = traffic_of(step)
    waits = [wait for queue in queues_of(step).values() if (wait := queue.quantile(0.95)) is not None]
    return Point(
        at, traffic.per_s, traffic.failed, traffic.durations.quantile(0.95), max(waits, default=None)
    )
