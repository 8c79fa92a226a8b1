"""When another try makes sense, and after how long."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from workbench.wire import Outcome, retry_after

BUSY = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential back-off with full jitter.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

    Attributes:
        attempts: Tries in all, the first one included.
        base_s: Longest wait before the second try; doubles with each further one.
        longest_s: No wait is longer; where the service asks for more, its answer is final.
        jitter: Uniform in [0, 1).
    """

    attempts: int = 4
    base_s: float = 0.25
    longest_s: float = 10.0
    jitter: Callable[[], float] = random.random

    def wait_after(self, outcome: Outcome, attempt: int) -> float | None:
        """Seconds until the next try.

        Args:
            outcome: What the last try brought.
            attempt: Its number, from 1.

        Returns:
            None where the outcome is final.
        """
        if attempt >= self.attempts or not _is_passing(outcome):
            return None
        backoff = min(self.longest_s, self.base_s * 2.0 ** (attempt - 1)) * self.jitter()
        asked = retry_after(outcome) if isinstance(outcome, httpx.Response) else None
        if asked is None:
            return backoff
        return None if asked > self.longest_s else asked + backoff


def _is_passing(outcome: Outcome) -> bool:
    if isinstance(outcome, httpx.Response):
        return outcome.status_code in BUSY
    return isinstance(outcome, (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ConnectTimeout))
