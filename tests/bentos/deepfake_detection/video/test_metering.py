"""Metrics of jobs: what the database counts, in Prometheus' words."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from video_jobs import ACME, RESULT, Hand, at_once, new_job

from bentos.common.database import Database
from bentos.common.metrics import Metrics
from bentos.common.settings import DatabaseSettings
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.durations import BOUNDS_S
from bentos.deepfake_detection.video.jobs import JobStore
from bentos.deepfake_detection.video.metering import JobMetrics


def samples(store: JobStore) -> dict[tuple[str, str], float]:
    metrics = Metrics("deepfake-detection-service")
    metrics.add(JobMetrics(store))
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        (sample.name, sample.labels.get("status") or sample.labels.get("le", "")): sample.value
        for family in families
        for sample in family.samples
        if sample.name.startswith("deepfake_")
    }


def run(store: JobStore, hand: Hand, settings: VideoSettings, seconds: float) -> str:
    job_id = store.create(ACME, new_job(), None, settings)[0].job_id
    assert store.claim(job_id, "w", settings)
    hand.forward(seconds)
    assert store.finish(job_id, "w", RESULT)
    return job_id


def test_jobs_are_counted_by_status(store: JobStore, video_settings: VideoSettings) -> None:
    queued, cancelled = (store.create(ACME, new_job(), None, video_settings)[0] for _ in range(2))
    store.cancel_or_delete(ACME, cancelled.job_id)
    found = samples(store)
    assert {status: found["deepfake_jobs", status] for status in ("queued", "running", "cancelled")} == {
        "queued": 1,
        "running": 0,
        "cancelled": 1,
    }
    assert found["deepfake_job_duration_seconds_count", ""] == 0
    assert queued.job_id


def test_the_histogram_agrees_with_counting_by_hand(
    store: JobStore, hand: Hand, video_settings: VideoSettings
) -> None:
    chance = random.Random(7)
    spent = [*BOUNDS_S[:3], *(chance.uniform(0, 20_000) for _ in range(12))]
    for seconds in spent:
        run(store, hand, video_settings, seconds)
    found = samples(store)
    for bound in BOUNDS_S:
        within = sum(seconds <= bound + 1e-6 for seconds in spent)
        assert found["deepfake_job_duration_seconds_bucket", f"{bound:g}"] == within
    assert found["deepfake_job_duration_seconds_bucket", "+Inf"] == len(spent)
    assert abs(found["deepfake_job_duration_seconds_sum", ""] - sum(spent)) < 0.01


def test_what_is_purged_stays_counted(store: JobStore, hand: Hand, video_settings: VideoSettings) -> None:
    store.remove([run(store, hand, video_settings, 3)])
    found = samples(store)
    assert found["deepfake_jobs", "succeeded"] == 0
    assert found["deepfake_job_duration_seconds_count", ""] == 1


def test_jobs_that_end_at_once_are_all_counted(store: JobStore, video_settings: VideoSettings) -> None:
    jobs = [store.create(ACME, new_job(), None, video_settings)[0].job_id for _ in range(4)]
    for job_id in jobs:
        assert store.claim(job_id, "w", video_settings)
    at_once([lambda job_id=job_id: store.finish(job_id, "w", RESULT) for job_id in jobs])  # type: ignore[misc]
    assert samples(store)["deepfake_job_duration_seconds_count", ""] == 4


@pytest.mark.parametrize("url", ["postgresql://nobody:x@127.0.0.1:1/none", "sqlite:///{folder}/empty.sqlite"])
def test_without_a_database_or_tables_the_other_metrics_are_still_told(url: str, tmp_path: Path) -> None:
    address = SecretStr(url.format(folder=tmp_path))
    database = Database(DatabaseSettings(url=address, pool_size=1, timeout_s=1))
    metrics = Metrics("deepfake-detection-service")
    metrics.add(JobMetrics(JobStore(database)))
    metrics.request("GET", "/x", 200, 0.1)
    text = metrics.render().decode()
    assert "http_requests_total" in text
    assert "deepfake_jobs" not in text
