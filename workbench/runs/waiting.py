"""Which services a run waits for, since when, and when it asks them next."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

LONGEST_PAUSE_S = 15.0
FIRST_PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class Wait:
    """A service that does not answer.

    Attributes:
        since: Seconds since 1970 of its first refusal in a row.
        tries: Refusals in a row.
        until: Seconds on the monotonic clock before which it is not asked.
        started: Seconds on the monotonic clock of the first refusal.
        said: What the client said last.
    """

    since: float
    tries: int
    until: float
    started: float
    said: str


class Patience:
    """Waits by service: pauses double from half a second to a quarter of a minute, with jitter.

    Args:
        limit_s: Seconds after which the patience for a service is over.
        now: A monotonic clock.
    """

    def __init__(self, limit_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self._limit_s, self._now = limit_s, now
        self._lock = threading.Lock()
        self._waits: dict[str, Wait] = {}

    @property
    def waits(self) -> Mapping[str, Wait]:
        """By service, those that do not answer at the moment."""
        with self._lock:
            return dict(self._waits)

    def answered(self, service: str) -> None:
        """The service is well."""
        with self._lock:
            self._waits.pop(service, None)

    def refused(self, service: str, said: str, retry_after: float) -> bool:
        """The service could not answer; whether there is patience left."""
        now = self._now()
        with self._lock:
            wait = self._waits.get(service) or Wait(time.time(), 0, now, now, said)
            pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(wait.tries, 10)) * random.uniform(0.5, 1)  # noqa: S311
            until = now + max(pause, retry_after)
            self._waits[service] = Wait(wait.since, wait.tries + 1, until, wait.started, said)
        return now - wait.started < self._limit_s

    def is_resting(self, service: str) -> bool:
        """Whether it is too early to ask this service again."""
        wait = self.waits.get(service)
        return wait is not None and self._now() < wait.until

    def pause_s(self) -> float:
        """Seconds until the next of these services may be asked; 0 where none is waited for."""
        now = self._now()
        return max(0.0, min((wait.until - now for wait in self.waits.values()), default=0.0))
