"""Jobs as their tenant sees them: made once, counted, paged, nobody else's, gone when deleted."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from video_jobs import ACME, FACTS, OTHER, RESULT, SHA256, Events, Hand, at_once, new_job, rows

from bentos.common.cursors import Cursors
from bentos.common.database import Database
from bentos.common.errors import Conflict, InvalidRequest, NotFound, RateLimited
from bentos.contracts import JobListOptions, JobStatus
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.tables import VideoChunk, VideoJob
from bentos.deepfake_detection.video.jobs import JobStore, NewJob, new_job_id

CURSORS = Cursors(b"k" * 32)
KEY = "cd" * 32


def finished(store: JobStore, settings: VideoSettings, job_id: str) -> None:
    assert store.claim(job_id, "w", settings)
    assert store.finish(job_id, "w", RESULT)


def test_a_job_is_queued_as_it_was_given(store: JobStore, hand: Hand, video_settings: VideoSettings) -> None:
    new = new_job(sample_fps=4.0, webhook_url="https://a.example/x", keep_upload=True)
    made, now = store.create(ACME, new, KEY, video_settings)
    assert now
    assert made == store.get("acme", new.job_id) == store.by_key("acme", KEY)
    assert (made.options, made.facts, made.size, made.sha256) == (new.options, FACTS, 1000, SHA256)
    assert (made.status, made.attempts, made.upload_kept) == (JobStatus.QUEUED, 0, True)
    assert made.created_at == made.sent_at == hand.at
    assert made.created_at.tzinfo is UTC
    info = made.info()
    assert (info.job_id, info.progress, info.result, info.error) == (new.job_id, 0.0, None, None)
    assert (info.started_at, info.finished_at) == (None, None)


def test_another_tenants_job_is_not_there(store: JobStore, video_settings: VideoSettings) -> None:
    made, _ = store.create(ACME, new_job(), KEY, video_settings)
    store.create(OTHER, new_job(), None, video_settings)
    with pytest.raises(NotFound):
        store.get("other", made.job_id)
    with pytest.raises(NotFound):
        store.cancel_or_delete(OTHER, made.job_id)
    assert store.by_key("other", KEY) is None
    assert store.by_key("never seen", KEY) is None
    assert [job.job_id for job in store.page("acme", JobListOptions(), CURSORS).jobs] == [made.job_id]
    assert store.page("never seen", JobListOptions(), CURSORS).jobs == []
    assert store.get("acme", made.job_id).status is JobStatus.QUEUED


@pytest.mark.parametrize(
    "strange", ["", "x", "0" * 33, "A" * 32, "\x00", "../" * 10, "\ud800", "0" * 31 + "\n"]
)
def test_what_is_no_id_is_not_there_and_makes_no_job(
    store: JobStore, strange: str, video_settings: VideoSettings
) -> None:
    store.create(ACME, new_job(), None, video_settings)
    with pytest.raises(NotFound):
        store.get("acme", strange)
    with pytest.raises(NotFound):
        store.cancel_or_delete(ACME, strange)
    with pytest.raises(ValueError, match="32 hexadecimal"):
        NewJob(strange, new_job().options, 1, SHA256, FACTS)


def test_the_same_key_finds_the_same_job(
    store: JobStore, events: Events, database: Database, video_settings: VideoSettings
) -> None:
    first, _ = store.create(ACME, new_job(), KEY, video_settings)
    assert store.create(ACME, new_job(), KEY, video_settings) == (first, False)
    for another in (new_job(sha256="ef" * 32), new_job(sample_fps=1.0)):
        with pytest.raises(Conflict):
            store.create(ACME, another, KEY, video_settings)
    elsewhere, made = store.create(OTHER, new_job(), KEY, video_settings)
    assert made
    assert elsewhere.job_id != first.job_id
    assert rows(database, VideoJob) == 2
    assert events.actions("acme") == ["video.submit"]


def test_the_same_key_is_answered_where_there_is_no_room_left(
    store: JobStore, video_settings: VideoSettings
) -> None:
    first, _ = store.create(ACME, new_job(size=10_000), KEY, video_settings)
    assert store.create(ACME, new_job(size=10_000), KEY, video_settings) == (first, False)


def test_eight_requests_at_once_with_one_key_make_one_job(
    store: JobStore, database: Database, video_settings: VideoSettings
) -> None:
    found = at_once([lambda: store.create(ACME, new_job(), KEY, video_settings)] * 8)
    assert not [one for one in found if isinstance(one, Exception)]
    assert sorted(made for _, made in found) == [False] * 7 + [True]  # type: ignore[misc]
    assert len({record.job_id for record, _ in found}) == 1  # type: ignore[misc]
    assert rows(database, VideoJob) == 1


@pytest.mark.parametrize(("size", "room"), [(1, 4), (4000, 2)])
def test_eight_requests_at_once_get_no_more_than_there_is_room_for(
    store: JobStore, database: Database, video_settings: VideoSettings, size: int, room: int
) -> None:
    """Four jobs and 10 000 bytes."""
    found = at_once([lambda: store.create(ACME, new_job(size=size), None, video_settings)] * 8)
    refused = [one for one in found if isinstance(one, Exception)]
    assert {type(one) for one in refused} == {RateLimited}
    assert (len(refused), rows(database, VideoJob)) == (8 - room, room)


def test_room_for_jobs_comes_back_when_one_is_over(store: JobStore, video_settings: VideoSettings) -> None:
    jobs = [store.create(ACME, new_job(), None, video_settings)[0] for _ in range(4)]
    for asked in (store.require_room, lambda *_: store.create(ACME, new_job(), None, video_settings)):
        with pytest.raises(RateLimited) as refused:
            asked("acme", 1, video_settings)
        assert refused.value.retry_after_s > 0
    store.require_room("other", 1, video_settings)
    store.require_room("never seen", 1, video_settings)
    finished(store, video_settings, jobs[0].job_id)
    store.require_room("acme", 1, video_settings)
    store.create(ACME, new_job(), None, video_settings)


def test_room_for_bytes_is_taken_by_uploads_that_stay(store: JobStore, video_settings: VideoSettings) -> None:
    kept, _ = store.create(ACME, new_job(size=6000, keep_upload=True), None, video_settings)
    gone, _ = store.create(ACME, new_job(size=4000), None, video_settings)
    with pytest.raises(RateLimited):
        store.require_room("acme", 1, video_settings)
    finished(store, video_settings, gone.job_id)
    finished(store, video_settings, kept.job_id)
    store.require_room("acme", 4000, video_settings)
    with pytest.raises(RateLimited):
        store.require_room("acme", 4001, video_settings)
    store.cancel_or_delete(ACME, kept.job_id)
    store.require_room("acme", 10_000, video_settings)


def test_sizes_beyond_32_bits(store: JobStore) -> None:
    settings = VideoSettings(bytes_per_tenant=20_000_000_000)
    made, _ = store.create(ACME, new_job(size=9_000_000_000), None, settings)
    store.create(ACME, new_job(size=9_000_000_000), None, settings)
    assert store.get("acme", made.job_id).size == 9_000_000_000
    with pytest.raises(RateLimited):
        store.require_room("acme", 2_000_000_001, settings)


def test_pages_hold_each_job_once_the_latest_first_and_no_results(
    store: JobStore, hand: Hand, video_settings: VideoSettings
) -> None:
    settings = video_settings.model_copy(update={"jobs_per_tenant": 100})
    made = []
    for number in range(7):
        made.append(store.create(ACME, new_job(), None, settings)[0].job_id)
        hand.forward(number % 2)  # some are made at the same moment
    store.create(OTHER, new_job(), None, settings)
    finished(store, settings, made[0])
    seen, cursor = [], None
    while True:
        page = store.page("acme", JobListOptions(limit=2, cursor=cursor), CURSORS)
        assert len(page.jobs) <= 2
        seen += page.jobs
        if (cursor := page.next_cursor) is None:
            break
    assert sorted(job.job_id for job in seen) == sorted(made)
    assert [job.created_at for job in seen] == sorted((job.created_at for job in seen), reverse=True)
    assert (seen[-1].status, seen[-1].result) in {(JobStatus.SUCCEEDED, None), (JobStatus.QUEUED, None)}
    assert all(job.result is None for job in seen)


def test_pages_of_one_status_and_cursors_of_their_own(store: JobStore, video_settings: VideoSettings) -> None:
    jobs = [store.create(ACME, new_job(), None, video_settings)[0].job_id for _ in range(4)]
    finished(store, video_settings, jobs[0])
    over = store.page("acme", JobListOptions(status=JobStatus.SUCCEEDED), CURSORS)
    assert [job.job_id for job in over.jobs] == [jobs[0]]
    queued = store.page("acme", JobListOptions(status=JobStatus.QUEUED, limit=1), CURSORS)
    assert queued.next_cursor
    for options in (
        JobListOptions(cursor=queued.next_cursor),
        JobListOptions(status=JobStatus.FAILED, cursor=queued.next_cursor),
    ):
        with pytest.raises(InvalidRequest):
            store.page("acme", options, CURSORS)
    with pytest.raises(InvalidRequest):
        store.page("other", JobListOptions(status=JobStatus.QUEUED, cursor=queued.next_cursor), CURSORS)


def test_cancelling_a_job_that_waits(store: JobStore, hand: Hand, video_settings: VideoSettings) -> None:
    made, _ = store.create(ACME, new_job(keep_upload=True), None, video_settings)
    hand.forward(3)
    assert store.cancel_or_delete(ACME, made.job_id).status == "cancelled"
    record = store.get("acme", made.job_id)
    assert (record.status, record.finished_at) == (
        JobStatus.CANCELLED,
        made.created_at + timedelta(seconds=3),
    )
    assert store.uploads_in_use() == set()
    assert store.claim(made.job_id, "w", video_settings) is None


def test_deleting_a_job_that_is_over_leaves_nothing(
    store: JobStore, database: Database, video_settings: VideoSettings
) -> None:
    made, _ = store.create(ACME, new_job(keep_upload=True), KEY, video_settings)
    finished(store, video_settings, made.job_id)
    assert store.cancel_or_delete(ACME, made.job_id).status == "deleted"
    assert (rows(database, VideoJob), rows(database, VideoChunk)) == (0, 0)
    assert store.uploads_in_use() == set()
    with pytest.raises(NotFound):
        store.cancel_or_delete(ACME, made.job_id)
    assert store.create(ACME, new_job(), KEY, video_settings)[1]


def test_cancelled_and_deleted_at_once_by_eight(
    store: JobStore, events: Events, video_settings: VideoSettings
) -> None:
    made, _ = store.create(ACME, new_job(), None, video_settings)
    found = at_once([lambda: store.cancel_or_delete(ACME, made.job_id).status] * 8)
    assert [one for one in found if not isinstance(one, NotFound)].count("cancelled") == 1
    assert found.count("deleted") == 1
    assert events.actions("acme") == ["video.submit", "video.cancel", "video.delete"]


def test_ids_are_names_of_files() -> None:
    assert len({new_job_id() for _ in range(50)}) == 50
    assert all(one.isalnum() for one in (new_job_id(), new_job_id()))
