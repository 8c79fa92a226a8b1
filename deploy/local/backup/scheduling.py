"""Backups by themselves: one process that makes them, lets old ones go and tries the newest out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from bentos.common.database import now
from bentos.common.errors import FaceSocialError

logger = logging.getLogger(__name__)

LOOK_S = 30.0
AGAIN = timedelta(minutes=10)
"""After a failure."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When things are due.

    Attributes:
        every: Between two backups.
        at_hour: Of UTC; a backup begins no earlier on its day. None: whenever ``every`` has passed.
        drill_every: Between two drills; None where there is no private key for one.
    """

    every: timedelta
    at_hour: int | None
    drill_every: timedelta | None

    def backup_at(self, last: datetime | None, now: datetime) -> datetime:
        """When the next backup is due; the first one at once, or at its hour."""
        if self.at_hour is None:
            return now if last is None else last + self.every
        today = now.astimezone(UTC).replace(hour=self.at_hour, minute=0, second=0, microsecond=0)
        due = today if now >= today else today - timedelta(days=1)
        return due if last is None or last < due else due + timedelta(days=1)

    def drill_at(self, last: datetime | None, now: datetime) -> datetime | None:
        """When the next drill is due."""
        if self.drill_every is None:
            return None
        return now if last is None else last + self.drill_every


@dataclass
class Job:
    """Something that is done again and again.

    Attributes:
        due: When it is to be done next, told the time; None: never. It may raise FaceSocialError.
        work: Does it. It may raise FaceSocialError.
        rests_until: It failed, and is not tried again before.
    """

    name: str
    due: Callable[[datetime], datetime | None]
    work: Callable[[], None]
    rests_until: datetime | None = None

    def step(self, clock: Callable[[], datetime]) -> None:
        """Do it if it is due. What fails is said, and tried again after a while."""
        now = clock()
        if self.rests_until is not None and now < self.rests_until:
            return
        try:
            at = self.due(now)
            if at is None or now < at:
                return
            self.work()
            self.rests_until = None
        except FaceSocialError as error:
            self._failed(clock, error.message)
        except Exception as error:
            logger.exception("%s", self.name)
            self._failed(clock, type(error).__name__)

    def _failed(self, clock: Callable[[], datetime], why: str) -> None:
        logger.error("%s failed and is tried again in %s: %s", self.name, AGAIN, why)
        self.rests_until = clock() + AGAIN


def run(
    jobs: Sequence[Job], clock: Callable[[], datetime] = now, sleep: Callable[[float], None] = time.sleep
) -> NoReturn:
    """Look for ever what is due, one job after the other."""
    while True:
        for job in jobs:
            job.step(clock)
        sleep(LOOK_S)
