"""How often one caller may ask for what can be guessed at."""

from __future__ import annotations

from bentos.common.errors import RateLimited
from bentos.common.keyvalue import KeyValue
from bentos.common.keyvalue.keys import digest_of

WINDOW_S = 60


class RateLimit:
    """Lets each caller in so many times a minute; a minute begins with a caller's first request.

    Args:
        store: Where requests are counted. Where it does not answer nobody is let in: a guard that is away
            guards nothing.
        per_minute: Requests of one caller; 0 for any number, and the store is not asked.
        name: What is limited; each name has counters of its own.
    """

    def __init__(self, store: KeyValue, per_minute: int, name: str) -> None:
        self._store = store
        self._per_minute = per_minute
        self._name = name

    def check(self, tenant: str, subject: str) -> None:
        """Count a request; from a worker thread.

        Raises:
            RateLimited: One too many; it says when the next minute begins.
            DependencyUnavailable: The store does not answer.
        """
        if not self._per_minute:
            return
        key = f"rate:{digest_of([self._name, tenant, subject])}"
        counted, left_s = self._store.count(key, WINDOW_S)
        if counted > self._per_minute:
            raise RateLimited(
                f"More than {self._per_minute} requests a minute; try again in {left_s} s.", left_s
            )
