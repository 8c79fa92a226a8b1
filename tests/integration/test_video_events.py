"""A job's events from the running service, while the test does to the job what a worker would."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack

from integration.galleries import Caller
from integration.videos import LIMIT_S, Deepfake, events_of, store_of, submitted
from video_jobs import RESULT

from bentos.deepfake_detection.settings import VideoSettings


def test_a_job_is_followed_to_its_end(embedded_videos: Caller, clip: bytes) -> None:
    settings = VideoSettings()
    job_id = submitted(embedded_videos, clip)
    with store_of(embedded_videos.service) as store, events_of(embedded_videos, job_id) as (answer, events):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        name, job = next(events)
        assert (name, job["job_id"], job["status"]) == ("progress", job_id, "queued")
        assert store.claim(job_id, "worker", settings)
        name, job = next(events)
        assert (name, job["status"], job["attempts"]) == ("progress", "running", 1)
        assert store.renew(job_id, "worker", settings.lease_s, 0.5)
        assert next(events)[1]["progress"] == 0.5
        assert store.finish(job_id, "worker", RESULT)
        name, job = next(events)
        assert (name, job["status"], job["result"]["score"]) == ("end", "succeeded", RESULT.score)
        assert list(events) == []
    with events_of(embedded_videos, job_id) as (_, events):
        assert [name for name, _ in events] == ["end"]


def test_streams_are_counted_and_given_back(embedded_videos: Caller, clip: bytes) -> None:
    job_id = submitted(embedded_videos, clip)
    path = f"/jobs/{job_id}/events"
    with ExitStack() as stack:
        streams = [stack.enter_context(events_of(embedded_videos, job_id))[1] for _ in range(64)]
        assert {next(events)[0] for events in streams} == {"progress"}
        assert embedded_videos.error("GET", path, 503) == "OVERLOADED"
        assert embedded_videos.data("GET", f"/jobs/{job_id}")["status"] == "queued"
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            with events_of(embedded_videos, job_id) as (_, events):
                assert next(events)[0] == "progress"
            return
        except AssertionError:
            assert time.monotonic() < deadline, "the places are not given back"
            time.sleep(0.1)


def test_a_service_that_ends_ends_its_streams_properly(deepfake: Deepfake, clip: bytes) -> None:
    with deepfake() as service:
        caller = Caller(service)
        with events_of(caller, submitted(caller, clip)) as (_, events):
            assert next(events)[0] == "progress"
            stopping = threading.Thread(target=service.stop)
            stopping.start()
            assert list(events) == [], "the body has its proper end: httpx would raise where it were cut off"
            stopping.join(LIMIT_S)
    assert "timeout graceful shutdown exceeded" not in service.output.read_text()
