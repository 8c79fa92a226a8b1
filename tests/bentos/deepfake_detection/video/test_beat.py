"""Beat does by itself what is due, without a broker."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest
from celery.beat import EmbeddedService
from pydantic import SecretStr
from service_process import free_port

from bentos.common.errors import DependencyUnavailable
from bentos.common.settings import Settings
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.beat import DoingScheduler
from bentos.deepfake_detection.video.celery_app import PURGE, REAP, WEBHOOKS, make_app


def test_what_is_due_is_done_again_and_again_whatever_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nobody = SecretStr(f"redis://127.0.0.1:{free_port()}/0")
    app = make_app(Settings(state_dir=tmp_path, redis_url=nobody), VideoSettings())
    app.conf.beat_schedule = {name: {"task": name, "schedule": 0.2} for name in (REAP, PURGE, WEBHOOKS)}
    done = {name: threading.Semaphore(0) for name in (REAP, PURGE, WEBHOOKS)}

    def task(name: str, error: Exception | None) -> None:
        def run() -> None:
            done[name].release()
            if error is not None:
                raise error

        app.task(run, name=name, typing=False)

    task(REAP, DependencyUnavailable("The broker does not answer."))
    task(PURGE, ValueError("a fault"))
    task(WEBHOOKS, None)
    beat = EmbeddedService(app, thread=True, scheduler_cls=DoingScheduler)
    with caplog.at_level(logging.WARNING):
        beat.start()
        for name in (REAP, PURGE, WEBHOOKS):
            for _ in range(3):
                assert done[name].acquire(timeout=20), name
        beat.stop()
    assert "video.reap waits: The broker does not answer." in caplog.text
    assert "ValueError: a fault" in caplog.text
    assert not list(tmp_path.rglob("*schedule*"))
