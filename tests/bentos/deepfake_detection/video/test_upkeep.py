"""What the clock does with jobs: lost ones are found once, old ones go, uploads are known."""

from __future__ import annotations

from functools import partial

import pytest
from video_jobs import ACME, OTHER, RESULT, Events, Hand, at_once, new_job, rows

from bentos.common.database import Database
from bentos.common.errors import NotFound
from bentos.contracts import JobStatus
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.tables import VideoJob
from bentos.deepfake_detection.video.jobs import JobStore


def queued(store: JobStore, settings: VideoSettings, **options: object) -> str:
    return store.create(ACME, new_job(**options), None, settings)[0].job_id


def finished(store: JobStore, settings: VideoSettings, **options: object) -> str:
    job_id = queued(store, settings, **options)
    assert store.claim(job_id, "w", settings)
    assert store.finish(job_id, "w", RESULT)
    return job_id


def test_a_message_that_was_lost_is_sent_again_and_not_at_once_again(
    store: JobStore, hand: Hand, video_settings: VideoSettings
) -> None:
    job_id = queued(store, video_settings)
    hand.forward(4.9)
    assert store.lost(5) == []
    hand.forward(0.1)
    assert store.lost(5) == [job_id]
    assert store.lost(5) == []
    hand.forward(5)
    assert store.lost(5) == [job_id]
    assert store.claim(job_id, "w", video_settings)
    assert store.get("acme", job_id).status is JobStatus.RUNNING


def test_of_eight_reapers_one_sends_a_job_again(
    store: JobStore, hand: Hand, video_settings: VideoSettings
) -> None:
    jobs = [queued(store, video_settings) for _ in range(4)]
    hand.forward(6)
    found = at_once([lambda: store.lost(5)] * 8)
    assert sorted(job for some in found if not isinstance(some, Exception) for job in some) == sorted(jobs)


def test_a_worker_that_died_is_missed_and_one_that_lives_is_not(
    store: JobStore, hand: Hand, video_settings: VideoSettings
) -> None:
    dead, lives = queued(store, video_settings), queued(store, video_settings)
    assert store.claim(dead, "one", video_settings)
    assert store.claim(lives, "two", video_settings)
    hand.forward(10)
    assert store.renew(lives, "two", 20, 0.1)
    assert store.lost(5) == []
    hand.forward(10)
    assert store.lost(5) == [dead]
    assert store.claim(dead, "three", video_settings)
    assert store.lost(5) == []


def test_what_was_given_back_waits_for_its_message_first(
    store: JobStore, hand: Hand, video_settings: VideoSettings
) -> None:
    job_id = queued(store, video_settings)
    hand.forward(100)
    assert store.claim(job_id, "w", video_settings)
    store.give_back(job_id, "w", "crash", video_settings)
    assert store.lost(5) == []
    hand.forward(5)
    assert store.lost(5) == [job_id]


def test_old_jobs_go_and_others_stay(
    store: JobStore, hand: Hand, events: Events, video_settings: VideoSettings
) -> None:
    first = finished(store, video_settings, keep_upload=True)
    cancelled = queued(store, video_settings)
    hand.forward(1)
    store.cancel_or_delete(ACME, cancelled)
    waiting = queued(store, video_settings)
    elsewhere = store.create(OTHER, new_job(), None, video_settings)[0].job_id
    store.cancel_or_delete(OTHER, elsewhere)
    hand.forward(59)
    recent = finished(store, video_settings)
    assert store.expired(60) == [first]
    hand.forward(1)
    assert set(store.expired(60)) == {first, cancelled, elsewhere}
    assert store.expired(60)[0] == first
    store.remove([*store.expired(60), waiting, "0" * 32])
    assert store.expired(60) == []
    for gone, tenant in ((first, "acme"), (cancelled, "acme"), (elsewhere, "other")):
        with pytest.raises(NotFound):
            store.get(tenant, gone)
    assert store.get("acme", waiting).status is JobStatus.QUEUED
    assert store.get("acme", recent).status is JobStatus.SUCCEEDED
    for tenant, count in (("acme", 2), ("other", 1)):
        last = events.of(tenant)[-1]
        assert (last.actor, last.action, last.details) == ("system", "video.expire", {"jobs": count})
    store.remove([])
    store.remove([first])
    assert events.actions("acme").count("video.expire") == 1


def test_removing_at_once_counts_each_job_once(
    store: JobStore, events: Events, database: Database, video_settings: VideoSettings
) -> None:
    at_once([store.counts] * 8)  # connections are made before, so that the removals meet
    for _ in range(5):
        jobs = [finished(store, video_settings) for _ in range(4)]
        assert at_once([partial(store.remove, jobs), partial(store.remove, jobs[::-1])] * 4) == [None] * 8
    assert rows(database, VideoJob) == 0
    counted = [event.details["jobs"] for event in events.of("acme") if event.action == "video.expire"]
    assert sum(counted) == 20


def test_uploads_stay_while_they_are_needed_or_wanted(store: JobStore, video_settings: VideoSettings) -> None:
    waiting, running = queued(store, video_settings), queued(store, video_settings)
    assert store.claim(running, "w", video_settings)
    kept = finished(store, video_settings, keep_upload=True)
    done = finished(store, video_settings)
    failed = queued(store, video_settings, keep_upload=True)
    assert store.claim(failed, "w", video_settings)
    assert store.fail(failed, "w", "NO_FACE", "There is no face.")
    cancelled = queued(store, video_settings, keep_upload=True)
    store.cancel_or_delete(ACME, cancelled)
    assert store.uploads_in_use() == {waiting, running, kept, failed}
    for job_id in (waiting, running, kept, failed, done, cancelled):
        assert store.get("acme", job_id).info().upload_kept is (job_id in store.uploads_in_use())
    for job_id in (kept, failed):
        store.cancel_or_delete(ACME, job_id)
    assert store.uploads_in_use() == {waiting, running}


def test_jobs_are_counted_by_status(store: JobStore, video_settings: VideoSettings) -> None:
    assert store.counts() == dict.fromkeys(JobStatus, 0)
    queued(store, video_settings)
    finished(store, video_settings)
    store.cancel_or_delete(ACME, queued(store, video_settings))
    counts = dict.fromkeys(JobStatus, 1) | {JobStatus.RUNNING: 0, JobStatus.FAILED: 0}
    assert store.counts() == counts
