"""Celery's beat, doing by itself what is due."""

from __future__ import annotations

import logging
from typing import Any

from celery.beat import ScheduleEntry, Scheduler

from bentos.common.errors import FaceSocialError

logger = logging.getLogger(__name__)


class DoingScheduler(Scheduler):  # type: ignore[misc]
    """Runs what is due where beat runs, and sends no message for it.

    Upkeep must neither wait behind videos that take hours, nor fill a queue meanwhile, nor stop with the broker whose
    losses it makes good. Several beats may run at once. Nothing is kept in a file: after a start all is due soon.
    """

    producer = None  # which would connect to the broker

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """Run a task; a failure is logged, and the task is due again as ever."""
        try:
            self.app.tasks[entry.task]()
        except FaceSocialError as error:
            logger.warning("%s waits: %s", entry.task, error.message)
        except Exception:
            logger.exception("%s failed; it is tried again", entry.task)
