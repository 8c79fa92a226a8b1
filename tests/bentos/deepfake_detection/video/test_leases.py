"""Jobs in workers' hands: one at a time, none after it was taken away, each job ends once."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import update
from together import run_together
from video_jobs import ACME, FACTS, RESULT, Events, Hand, at_once, new_job, rows

from bentos.common.database import Database
from bentos.contracts import JobStatus
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.tables import VideoChunk, VideoJob
from bentos.deepfake_detection.video.jobs import JobStore

IMPORTS = """
import sys
from pydantic import SecretStr
from bentos.common.database import Database
from bentos.common.settings import DatabaseSettings
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.jobs import JobStore
"""
CLAIMING = """
url, owner, *jobs = sys.argv[1:]
store = JobStore(Database(DatabaseSettings(url=SecretStr(url), pool_size=2, timeout_s=30)))
print(*(job for job in jobs if store.claim(job, owner, VideoSettings())))
"""
Ending = Callable[[JobStore, str, str, VideoSettings], object]

ENDINGS: dict[str, Ending] = {
    "finish": lambda store, job_id, owner, _: store.finish(job_id, owner, RESULT),
    "fail": lambda store, job_id, owner, _: store.fail(job_id, owner, "NO_FACE", "There is no face."),
    "renew": lambda store, job_id, owner, _: store.renew(job_id, owner, 20, 0.9),
    "save_chunk": lambda store, job_id, owner, _: store.save_chunk(job_id, owner, 7, b"late"),
    "give_back": lambda store, job_id, owner, settings: store.give_back(job_id, owner, "late", settings),
}


@pytest.fixture
def job_id(store: JobStore, video_settings: VideoSettings) -> str:
    """A queued job."""
    options = {"sample_fps": 4.0, "webhook_url": "https://a.example/x"}
    return store.create(ACME, new_job(**options), None, video_settings)[0].job_id


def test_a_claim_holds_what_its_worker_has_to_know(
    store: JobStore, job_id: str, hand: Hand, video_settings: VideoSettings
) -> None:
    hand.forward(5)
    claim = store.claim(job_id, "w", video_settings)
    record = store.get("acme", job_id)
    assert claim
    assert claim == store.held(job_id, "w")
    assert (claim.job_id, claim.upload, claim.tenant_id) == (job_id, job_id, record.tenant_id)
    assert (claim.options, claim.facts, claim.attempt, claim.progress) == (record.options, FACTS, 1, 0.0)
    assert (record.status, record.owner, record.attempts) == (JobStatus.RUNNING, "w", 1)
    assert (record.started_at, record.lease_until) == (hand.at, hand.at + timedelta(seconds=20))
    assert store.held(job_id, "another") is None


def test_nobody_claims_what_is_not_there(store: JobStore, video_settings: VideoSettings) -> None:
    for strange in ("0" * 32, "", "x" * 500):
        assert store.claim(strange, "w", video_settings) is None
        assert store.chunks(strange) == {}
        assert store.give_back(strange, "w", "crash", video_settings) is JobStatus.CANCELLED


def test_of_eight_claims_at_once_one_wins(
    store: JobStore, job_id: str, video_settings: VideoSettings
) -> None:
    calls = [lambda owner=f"w{n}": store.claim(job_id, owner, video_settings) for n in range(8)]
    found = at_once(calls)
    (won,) = [number for number, claim in enumerate(found) if claim is not None]
    record = store.get("acme", job_id)
    assert (record.owner, record.attempts) == (f"w{won}", 1)


def test_of_eight_claims_at_once_one_takes_over_what_a_dead_worker_left(
    store: JobStore, job_id: str, hand: Hand, video_settings: VideoSettings
) -> None:
    assert store.claim(job_id, "dead", video_settings)
    hand.forward(20)
    calls = [lambda owner=f"w{n}": store.claim(job_id, owner, video_settings) for n in range(8)]
    assert len([claim for claim in at_once(calls) if claim is not None]) == 1
    assert store.get("acme", job_id).attempts == 2


def test_processes_share_many_jobs_without_doing_one_twice(store: JobStore, database: Database) -> None:
    settings = VideoSettings()
    jobs = [store.create(ACME, new_job(), None, settings)[0].job_id for _ in range(12)]
    url = database.url.render_as_string(hide_password=False)
    said = run_together(IMPORTS, CLAIMING, [[url, f"w{n}", *jobs] for n in range(3)])
    assert sorted(" ".join(said).split()) == sorted(jobs)


def test_a_lease_is_taken_over_only_when_it_ended(
    store: JobStore, job_id: str, hand: Hand, video_settings: VideoSettings
) -> None:
    assert store.claim(job_id, "one", video_settings)
    hand.forward(15)
    assert store.renew(job_id, "one", 20, 0.1)
    hand.forward(19.9)
    assert store.claim(job_id, "two", video_settings) is None
    hand.forward(0.1)
    claim = store.claim(job_id, "two", video_settings)
    assert claim
    assert (claim.attempt, claim.progress) == (2, 0.1)
    assert store.held(job_id, "one") is None


def test_who_is_late_but_was_not_missed_goes_on(
    store: JobStore, job_id: str, hand: Hand, video_settings: VideoSettings
) -> None:
    assert store.claim(job_id, "w", video_settings)
    hand.forward(1000)
    assert store.renew(job_id, "w", 20, 0.5)
    hand.forward(1000)
    assert store.finish(job_id, "w", RESULT)


@pytest.mark.parametrize("late", ENDINGS.values(), ids=ENDINGS)
def test_whose_lease_was_taken_over_changes_nothing(
    store: JobStore, job_id: str, hand: Hand, events: Events, video_settings: VideoSettings, late: Ending
) -> None:
    assert store.claim(job_id, "late", video_settings)
    hand.forward(21)
    assert store.claim(job_id, "now", video_settings)
    before, said = store.get("acme", job_id), events.actions("acme")
    assert late(store, job_id, "late", video_settings) in (False, JobStatus.RUNNING)
    assert store.get("acme", job_id) == before
    assert store.chunks(job_id) == {}
    assert events.actions("acme") == said
    assert late(store, job_id, "now", video_settings) in (True, JobStatus.QUEUED)


@pytest.mark.parametrize("late", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("end", ["finish", "fail", "cancel", "delete"])
def test_a_job_that_is_over_stays_as_it_is(
    store: JobStore, job_id: str, video_settings: VideoSettings, end: str, late: Ending, events: Events
) -> None:
    assert store.claim(job_id, "w", video_settings)
    if end in ENDINGS:
        assert ENDINGS[end](store, job_id, "w", video_settings)
    else:
        store.cancel_or_delete(ACME, job_id)
    before, said = store.get("acme", job_id), events.actions("acme")
    gone = JobStatus.CANCELLED if end == "delete" else before.status
    if end == "delete":
        store.cancel_or_delete(ACME, job_id)
        said.append("video.delete")
    assert late(store, job_id, "w", video_settings) in (False, gone)
    assert store.claim(job_id, "w", video_settings) is None
    assert events.actions("acme") == said
    assert end == "delete" or store.get("acme", job_id) == before


def test_a_job_ends_once_whatever_happens_at_once(
    store: JobStore, job_id: str, events: Events, database: Database, video_settings: VideoSettings
) -> None:
    assert store.claim(job_id, "w", video_settings)
    store.save_chunk(job_id, "w", 0, b"x")
    one = [lambda: store.finish(job_id, "w", RESULT)] * 3
    other = [lambda: store.fail(job_id, "w", "NO_FACE", "There is no face.")] * 3
    more = [lambda number=n: store.save_chunk(job_id, "w", number, b"x") for n in range(1, 4)]
    found = at_once([*one, *other, *more])
    assert found[:6].count(True) == 1
    assert not [fault for fault in found if isinstance(fault, Exception)]
    assert events.actions("acme") == ["video.submit", "video.finish"]
    assert rows(database, VideoChunk) == 0


def test_a_cancelled_job_and_its_worker_meet(
    store: JobStore, job_id: str, events: Events, database: Database, video_settings: VideoSettings
) -> None:
    """Either it is cancelled, and its worker learns it, or it was over before, and is deleted."""
    assert store.claim(job_id, "w", video_settings)
    store.save_chunk(job_id, "w", 0, b"descriptors")
    cancelled, finished = at_once(
        [lambda: store.cancel_or_delete(ACME, job_id).status, lambda: store.finish(job_id, "w", RESULT)]
    )
    assert (cancelled, finished) in {("cancelled", False), ("deleted", True)}
    assert not store.renew(job_id, "w", 20, 0.5)
    assert rows(database, VideoChunk) == 0
    assert len(events.of("acme")) == (2 if finished is False else 3)


def test_cancelling_what_runs_is_learned_by_its_worker(
    store: JobStore, job_id: str, database: Database, video_settings: VideoSettings
) -> None:
    assert store.claim(job_id, "w", video_settings)
    assert store.save_chunk(job_id, "w", 0, b"descriptors")
    assert store.renew(job_id, "w", 20, 0.5)
    assert store.cancel_or_delete(ACME, job_id).status == "cancelled"
    assert not store.renew(job_id, "w", 20, 0.6)
    assert store.held(job_id, "w") is None
    assert rows(database, VideoChunk) == 0
    record = store.get("acme", job_id)
    assert (record.status, record.owner, record.lease_until) == (JobStatus.CANCELLED, None, None)
    assert record.progress == 0.5


def test_progress_never_goes_back_and_is_kept_over_attempts(
    store: JobStore, job_id: str, hand: Hand, video_settings: VideoSettings
) -> None:
    assert store.claim(job_id, "one", video_settings)
    for said, known in [(0.2, 0.2), (0.1, 0.2), (-3, 0.2), (math.nan, 0.2), (0.7, 0.7), (0.0, 0.7)]:
        assert store.renew(job_id, "one", 20, said)
        assert store.get("acme", job_id).progress == known
    store.give_back(job_id, "one", "crash", video_settings)
    assert store.get("acme", job_id).info().progress == 0.7
    assert store.claim(job_id, "two", video_settings)
    assert store.renew(job_id, "two", 20, 0.3)
    assert store.get("acme", job_id).progress == 0.7
    assert store.renew(job_id, "two", 20, math.inf)
    assert store.get("acme", job_id).info().progress == 1.0


def test_chunks_stay_over_attempts_until_one_with_other_models_replaces_them(
    store: JobStore, job_id: str, video_settings: VideoSettings
) -> None:
    assert store.claim(job_id, "one", video_settings)
    payloads = {2: b"", 0: bytes(range(256)), 1: b"b" * 1_000_000}
    for index, payload in payloads.items():
        assert store.save_chunk(job_id, "one", index, payload)
    store.give_back(job_id, "one", "crash", video_settings)
    assert store.claim(job_id, "two", video_settings)
    assert store.save_chunk(job_id, "two", 0, b"again")
    assert list(store.chunks(job_id).items()) == sorted({**payloads, 0: b"again"}.items())


def test_a_result_is_read_as_it_was_written(
    store: JobStore, job_id: str, hand: Hand, database: Database, video_settings: VideoSettings
) -> None:
    assert store.claim(job_id, "w", video_settings)
    assert store.save_chunk(job_id, "w", 0, b"descriptors")
    hand.forward(9)
    assert store.finish(job_id, "w", RESULT)
    info = store.get("acme", job_id).info()
    assert (info.status, info.progress, info.result) == (JobStatus.SUCCEEDED, 1.0, RESULT)
    assert (info.error, info.finished_at, info.upload_kept) == (None, hand.at, False)
    assert rows(database, VideoChunk) == 0


def test_what_is_no_result_is_not_given_as_one(
    store: JobStore, job_id: str, database: Database, video_settings: VideoSettings
) -> None:
    with database.write() as session:
        session.execute(update(VideoJob).values(result={"fake": "perhaps"}))
    with pytest.raises(ValidationError):
        store.get("acme", job_id).info()


def test_the_videos_own_fault_is_told_and_not_tried_again(
    store: JobStore, job_id: str, hand: Hand, video_settings: VideoSettings
) -> None:
    assert store.claim(job_id, "w", video_settings)
    assert store.fail(job_id, "w", "NO_FACE", "There is no face\x00 in the video." + "." * 5000)
    info = store.get("acme", job_id).info()
    assert info.error
    assert info.error.code == "NO_FACE"
    assert info.error.message.startswith("There is no face")
    assert len(info.error.message) == 2000
    assert (info.status, info.result, info.attempts) == (JobStatus.FAILED, None, 1)
    assert store.lost(0) == []


def test_a_crash_is_tried_again_until_there_were_enough(
    store: JobStore, job_id: str, video_settings: VideoSettings, database: Database, events: Events
) -> None:
    for attempt in (1, 2, 3):
        owner = f"w{attempt}"
        claim = store.claim(job_id, owner, video_settings)
        assert claim
        assert claim.attempt == attempt
        assert store.save_chunk(job_id, owner, attempt, b"x")
        status = store.give_back(job_id, owner, f"signal {attempt}\x00", video_settings)
        assert status is (JobStatus.FAILED if attempt == 3 else JobStatus.QUEUED)
    record = store.get("acme", job_id)
    assert record.error
    assert (record.error.code, record.attempts, record.owner) == ("INTERNAL_ERROR", 3, None)
    assert record.fault is not None
    assert record.fault.startswith("signal 3")
    assert "signal" not in record.info().model_dump_json()
    assert rows(database, VideoChunk) == 0
    assert store.claim(job_id, "w", video_settings) is None
    end = events.of("acme")[-1]
    assert (end.action, end.outcome, end.details["attempts"]) == ("video.finish", "INTERNAL_ERROR", 3)


def test_workers_that_die_without_a_word_are_counted_too(
    store: JobStore, job_id: str, hand: Hand, video_settings: VideoSettings
) -> None:
    for number in range(3):
        assert store.claim(job_id, f"w{number}", video_settings)
        hand.forward(21)
        assert store.lost(5) == [job_id]
    assert store.claim(job_id, "w3", video_settings) is None
    record = store.get("acme", job_id)
    assert (record.status, record.attempts, record.finished_at) == (JobStatus.FAILED, 3, hand.at)
    assert record.fault
    assert store.lost(0) == []


def test_an_attempt_that_was_nobodys_fault_is_not_counted(
    store: JobStore, job_id: str, video_settings: VideoSettings
) -> None:
    for _ in range(5):
        claim = store.claim(job_id, "w", video_settings)
        assert claim
        assert claim.attempt == 1
        stopped = store.give_back(job_id, "w", "stopped", video_settings, counts=False)
        assert stopped is JobStatus.QUEUED
    assert store.get("acme", job_id).attempts == 0


def test_the_start_is_that_of_the_first_attempt(
    store: JobStore, job_id: str, hand: Hand, video_settings: VideoSettings
) -> None:
    first = hand.at
    assert store.claim(job_id, "one", video_settings)
    hand.forward(30)
    assert store.claim(job_id, "two", video_settings)
    assert store.get("acme", job_id).started_at == first


def test_the_audit_chain_has_counts_and_nothing_of_a_face(
    store: JobStore, job_id: str, events: Events, video_settings: VideoSettings
) -> None:
    assert store.claim(job_id, "w", video_settings)
    assert store.save_chunk(job_id, "w", 0, b"descriptors")
    assert store.finish(job_id, "w", RESULT)
    submit, finish = events.of("acme")
    assert (submit.actor, submit.role, submit.target) == ("ada", "operator", {"job_id": job_id})
    assert submit.details == {"bytes": 1000, "duration_s": 12.5}
    assert (finish.action, finish.outcome, finish.target) == ("video.finish", "ok", {"job_id": job_id})
    assert finish.details == {"attempts": 1, "frames": 25, "tracks": 1}
    assert "c2VjcmV0" not in json.dumps([submit.details, finish.details, finish.target])
