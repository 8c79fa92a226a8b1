"""Telling others of a job's end: at least once, with growing pauses where they do not answer, and not for ever."""

from __future__ import annotations

import logging
import random
import time
from typing import TYPE_CHECKING

from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.jobs import JobRecord, JobStore
from bentos.deepfake_detection.video.webhook_address import require_allowed

if TYPE_CHECKING:
    from bentos.deepfake_detection.video.webhook_call import Caller

__all__ = ["Webhooks", "require_allowed"]

logger = logging.getLogger(__name__)

MAX_CALLS = 8
FIRST_PAUSE_S, GROWTH = 30.0, 3.0
"""Pauses of 30 s, 90 s, … 6 h: eight calls in about nine hours."""
JITTER = 0.25
HOLD_S = 60.0
"""Longer than calls take: one whose caller is killed is made again then."""
TOGETHER = 20


class Webhooks:
    """Calls those that are due; any number of processes may do it at once.

    Args:
        caller: Makes a call; for tests.
    """

    def __init__(self, store: JobStore, settings: VideoSettings, caller: Caller | None = None) -> None:
        self._store = store
        self._settings = settings
        self._caller = caller

    def deliver(self) -> int:
        """Call those that are due, together; how many there were.

        Raises:
            DependencyUnavailable: The database does not answer.
        """
        if due := self._store.webhooks_due(HOLD_S, TOGETHER):
            # Only now: what calls takes memory, and most workers never call anybody.
            from bentos.deepfake_detection.video.webhook_call import Caller, call_all

            faults = call_all(self._caller or Caller(self._settings), due, f"{time.time():.0f}")
            for job, fault in zip(due, faults, strict=True):
                self._note(job, fault)
        return len(due)

    def _note(self, job: JobRecord, fault: str | None) -> None:
        if fault is None:
            self._store.webhook_delivered(job.job_id)
            return
        again = pause_s(job.webhook_attempts)
        self._store.webhook_failed(job.job_id, again)
        then = "given up" if again is None else f"again in {again:.0f} s"
        logger.warning("webhook of job %s, call %d: %s; %s", job.job_id, job.webhook_attempts, fault, then)


def pause_s(calls: int) -> float | None:
    """Seconds until the next call after so many; None: it was the last."""
    if calls >= MAX_CALLS:
        return None
    # Not a secret: it only keeps many from coming back at once.
    spread = 1 + random.uniform(-JITTER, JITTER)  # noqa: S311
    return FIRST_PAUSE_S * GROWTH ** (calls - 1) * spread
