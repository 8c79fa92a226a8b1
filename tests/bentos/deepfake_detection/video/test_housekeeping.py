"""What the clock does: lost jobs are sent again, and nothing stays on the disk that nobody needs."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from video_jobs import ACME, RESULT, Hand, new_job

from bentos.common.errors import DependencyUnavailable
from bentos.common.settings import Settings
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.housekeeping import ORPHAN_S, QUEUED_FOR_S, Housekeeping
from bentos.deepfake_detection.video.jobs import JobStore, new_job_id
from bentos.deepfake_detection.video.sending import Sender
from bentos.deepfake_detection.video.uploads import Uploads

DAY_S = 24 * 3600.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state_dir=tmp_path / "state", redis_url=None)


@pytest.fixture
def uploads(settings: Settings, video_settings: VideoSettings) -> Uploads:
    return Uploads(video_settings.uploads(settings))


@pytest.fixture
def sender(settings: Settings, video_settings: VideoSettings) -> Sender:
    return Sender(settings, video_settings)


@pytest.fixture
def housekeeping(
    settings: Settings, video_settings: VideoSettings, store: JobStore, uploads: Uploads, sender: Sender
) -> Housekeeping:
    return Housekeeping(settings, video_settings, store, uploads, sender)


@pytest.fixture
def submit(store: JobStore, uploads: Uploads, video_settings: VideoSettings) -> Callable[..., str]:
    def submit(**options: object) -> str:
        new = new_job(**options)
        keep_file(uploads, new.job_id)
        return store.create(ACME, new, None, video_settings)[0].job_id

    return submit


def keep_file(uploads: Uploads, job_id: str) -> None:
    part = uploads.begin(job_id, max_bytes=100, min_free_bytes=0)
    part.write(memoryview(b"a video"))
    part.keep()


def age(path: Path, seconds: float = 2 * ORPHAN_S) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def lose_messages(settings: Settings) -> None:
    for path in (settings.state_dir / "broker" / "messages").iterdir():
        path.unlink()


def test_a_lost_message_is_sent_again_and_not_too_often(
    housekeeping: Housekeeping, sender: Sender, hand: Hand, settings: Settings, submit: Callable[..., str]
) -> None:
    submit()
    assert housekeeping.reap() == 0, "it was sent a moment ago"
    hand.forward(QUEUED_FOR_S)
    assert housekeeping.reap() == 1
    assert sender.waiting() == 1
    hand.forward(DAY_S)
    assert housekeeping.reap() == 0, "a message waits: all workers are busy"
    assert sender.waiting() == 1
    lose_messages(settings)
    assert housekeeping.reap() == 1


def test_a_job_whose_worker_is_gone_is_sent_again(
    housekeeping: Housekeeping,
    store: JobStore,
    hand: Hand,
    video_settings: VideoSettings,
    submit: Callable[..., str],
) -> None:
    job_id = submit()
    assert store.claim(job_id, "w", video_settings)
    hand.forward(video_settings.lease_s - 1)
    assert housekeeping.reap() == 0
    hand.forward(1)
    assert housekeeping.reap() == 1
    assert store.claim(job_id, "v", video_settings)


def test_without_a_broker_nothing_counts_as_sent(
    housekeeping: Housekeeping, hand: Hand, settings: Settings, submit: Callable[..., str]
) -> None:
    submit()
    hand.forward(QUEUED_FOR_S)
    folder = settings.state_dir / "broker"
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(DependencyUnavailable):
        housekeeping.reap()
    folder.with_name("elsewhere").rename(folder)
    assert housekeeping.reap() == 1


def test_an_expired_job_goes_with_its_upload(
    housekeeping: Housekeeping,
    store: JobStore,
    uploads: Uploads,
    hand: Hand,
    video_settings: VideoSettings,
    submit: Callable[..., str],
) -> None:
    job_id, waiting = submit(keep_upload=True), submit()
    assert store.claim(job_id, "w", video_settings)
    assert store.finish(job_id, "w", RESULT)
    hand.forward(video_settings.retention_s - 1)
    housekeeping.purge()
    assert uploads.path(job_id).exists()
    hand.forward(1)
    housekeeping.purge()
    assert not uploads.path(job_id).exists()
    assert uploads.path(waiting).exists()
    assert store.uploads_in_use() == {waiting}
    assert sum(store.counts().values()) == 1


def test_uploads_that_no_job_needs_go_after_a_while(
    housekeeping: Housekeeping, store: JobStore, uploads: Uploads, submit: Callable[..., str]
) -> None:
    waiting, cancelled, arriving, stranger = submit(), submit(), new_job_id(), new_job_id()
    store.cancel_or_delete(ACME, cancelled)
    keep_file(uploads, stranger)
    part = uploads.begin(arriving, max_bytes=100, min_free_bytes=0)
    housekeeping.purge()
    paths = [part.path, *map(uploads.path, (waiting, cancelled, stranger))]
    assert [path.exists() for path in paths] == [True, True, False, True], "some may be on their way to a job"
    for path in (part.path, uploads.path(waiting), uploads.path(stranger)):
        age(path)
    housekeeping.purge()
    assert [path.exists() for path in paths] == [False, True, False, False]
    part.remove()


@pytest.mark.parametrize("worker_lives", [True, False])
def test_a_job_that_is_over_lets_its_upload_go_at_once(
    worker_lives: bool,
    housekeeping: Housekeeping,
    store: JobStore,
    uploads: Uploads,
    video_settings: VideoSettings,
    submit: Callable[..., str],
) -> None:
    waiting, done, kept = submit(), submit(), submit(keep_upload=True)
    for job_id in (done, kept):
        assert store.claim(job_id, "w", video_settings)
        assert store.finish(job_id, "w", RESULT)
    for job_id in (waiting, done, kept) if worker_lives else ():
        housekeeping.let_go(job_id)
    if not worker_lives:
        housekeeping.purge()
    assert [uploads.path(one).exists() for one in (waiting, done, kept)] == [True, False, True]


def test_a_dead_worker_is_made_good_while_other_jobs_wait(
    housekeeping: Housekeeping,
    sender: Sender,
    store: JobStore,
    hand: Hand,
    settings: Settings,
    video_settings: VideoSettings,
    submit: Callable[..., str],
) -> None:
    lost, _ = submit(), submit()
    assert store.claim(lost, "w", video_settings)
    hand.forward(video_settings.lease_s)
    assert housekeeping.reap() == 2
    assert sender.waiting() == 2
    hand.forward(video_settings.lease_s)
    assert housekeeping.reap() == 1, "the one whose worker is gone"


def test_a_folder_that_was_never_made_is_nothing_to_purge(
    housekeeping: Housekeeping, settings: Settings
) -> None:
    shutil.rmtree(settings.state_dir / "broker")
    housekeeping.purge()
