"""Celery's app of video jobs.

``python -m bentos.deepfake_detection.video.worker`` does everything in one process: it takes messages, and beat runs in
a thread of it. ``celery -A bentos.deepfake_detection.video.worker worker`` and ``… beat`` are the same apart.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Mapping
from types import MappingProxyType

from celery import Celery
from celery.beat import EmbeddedService
from celery.platforms import SecurityWarning
from celery.signals import setup_logging, worker_ready, worker_shutting_down

from bentos.common.logs import configure_logging
from bentos.common.settings import Settings
from bentos.deepfake_detection.settings import VideoSettings, worker_mark
from bentos.deepfake_detection.video.beat import DoingScheduler
from bentos.deepfake_detection.video.celery_app import ANALYSE, PURGE, REAP, WEBHOOKS, make_app
from bentos.deepfake_detection.video.tasks import Tasks

ALONE: Mapping[str, bool] = MappingProxyType(
    {"without_gossip": True, "without_mingle": True, "without_heartbeat": True}
)
"""Workers have nothing to say to each other; what they share is in the database."""

settings, video = Settings(), VideoSettings()
app: Celery = make_app(settings, video)
tasks = Tasks(settings, video)
for name, task in (
    (ANALYSE, tasks.analyse),
    (REAP, tasks.reap),
    (PURGE, tasks.purge),
    (WEBHOOKS, tasks.tell),
):
    app.task(task, name=name, typing=False)


def _log(**_: object) -> None:
    """In place of Celery's own way, which would print what tasks are given."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    configure_logging(settings.log_level)


def _stop(**_: object) -> None:
    tasks.stop()


setup_logging.connect(_log)
worker_shutting_down.connect(_stop)


def main() -> None:
    """Run the worker with beat in a thread, until SIGTERM or SIGINT."""
    # Celery warns a worker that runs as root and takes pickles; this one takes JSON alone.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    beat, ready = EmbeddedService(app, thread=True, scheduler_cls=DoingScheduler), worker_mark(settings)

    def begin(**_: object) -> None:
        beat.start()
        ready.touch(mode=0o600)

    worker_ready.connect(begin, weak=False)
    ready.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    ready.unlink(missing_ok=True)
    try:
        worker = app.Worker(quiet=True, **ALONE)
        worker.start()
    finally:
        ready.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
