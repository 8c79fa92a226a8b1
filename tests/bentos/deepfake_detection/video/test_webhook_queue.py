"""Who has to be told of a job's end: due at the end, held by one, tried again, given up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from video_jobs import ACME, RESULT, Hand, at_once, new_job

from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.jobs import JobStore, WebhookState

URL = "https://hooks.example/done"


def ended(store: JobStore, settings: VideoSettings, end: str = "finish", url: str | None = URL) -> str:
    job_id = store.create(ACME, new_job(webhook_url=url), None, settings)[0].job_id
    assert store.claim(job_id, "w", settings)
    assert store.webhooks_due(30) == []
    if end == "finish":
        assert store.finish(job_id, "w", RESULT)
    elif end == "fail":
        assert store.fail(job_id, "w", "NO_FACE", "There is no face.")
    elif end == "give_back":
        store.give_back(job_id, "w", "crash", settings.model_copy(update={"max_attempts": 1}))
    else:
        store.cancel_or_delete(ACME, job_id)
    return job_id


def cancelled(
    store: JobStore, settings: VideoSettings, between: Callable[[], None] = lambda: None
) -> list[str]:
    jobs = []
    for _ in range(4):
        job_id = store.create(ACME, new_job(webhook_url=URL), None, settings)[0].job_id
        store.cancel_or_delete(ACME, job_id)
        jobs.append(job_id)
        between()
    return jobs


@pytest.mark.parametrize("end", ["finish", "fail", "give_back", "cancel"])
def test_every_end_is_due_at_once(store: JobStore, video_settings: VideoSettings, end: str) -> None:
    job_id = ended(store, video_settings, end)
    (due,) = store.webhooks_due(30)
    assert (due.job_id, due.options.webhook_url) == (job_id, URL)
    assert (due.webhook_state, due.webhook_attempts) == (WebhookState.WAITING, 1)
    assert due.info() == store.get("acme", job_id).info()


def test_nobody_is_told_who_did_not_ask(store: JobStore, video_settings: VideoSettings) -> None:
    job_id = ended(store, video_settings, url=None)
    assert store.webhooks_due(30) == []
    store.webhook_failed(job_id, 0)
    assert store.webhooks_due(30) == []
    assert store.get("acme", job_id).webhook_state is None


def test_eight_tellers_at_once_tell_each_once(store: JobStore, video_settings: VideoSettings) -> None:
    jobs = cancelled(store, video_settings)
    found = at_once([lambda: [one.job_id for one in store.webhooks_due(30)]] * 8)
    assert sorted(job for some in found if not isinstance(some, Exception) for job in some) == sorted(jobs)


def test_one_whose_teller_died_is_due_again(
    store: JobStore, hand: Hand, video_settings: VideoSettings
) -> None:
    job_id = ended(store, video_settings)
    assert store.webhooks_due(30)
    hand.forward(29)
    assert store.webhooks_due(30) == []
    hand.forward(1)
    (due,) = store.webhooks_due(30)
    assert (due.job_id, due.webhook_attempts) == (job_id, 2)


def test_what_was_told_is_over(store: JobStore, hand: Hand, video_settings: VideoSettings) -> None:
    job_id = ended(store, video_settings)
    assert store.webhooks_due(30)
    store.webhook_delivered(job_id)
    store.webhook_failed(job_id, 0)  # a second teller that was slower
    hand.forward(10_000)
    assert store.webhooks_due(30) == []
    record = store.get("acme", job_id)
    assert (record.webhook_state, record.webhook_next_at) == (WebhookState.DELIVERED, None)


def test_what_failed_is_due_later_until_it_is_given_up(
    store: JobStore, hand: Hand, video_settings: VideoSettings
) -> None:
    job_id = ended(store, video_settings)
    assert store.webhooks_due(30)
    store.webhook_failed(job_id, 60)
    hand.forward(59)
    assert store.webhooks_due(30) == []
    hand.forward(1)
    assert [one.webhook_attempts for one in store.webhooks_due(30)] == [2]
    store.webhook_failed(job_id, None)
    hand.forward(10_000)
    assert store.webhooks_due(30) == []
    assert store.get("acme", job_id).webhook_state is WebhookState.GIVEN_UP


def test_the_longest_due_come_first_and_not_too_many(
    store: JobStore, hand: Hand, video_settings: VideoSettings
) -> None:
    jobs = cancelled(store, video_settings, lambda: hand.forward(1))
    assert [one.job_id for one in store.webhooks_due(30, limit=3)] == jobs[:3]
    assert [one.job_id for one in store.webhooks_due(30, limit=3)] == jobs[3:]


def test_a_deleted_job_tells_nobody(store: JobStore, video_settings: VideoSettings) -> None:
    job_id = ended(store, video_settings)
    store.cancel_or_delete(ACME, job_id)
    assert store.webhooks_due(30) == []
    store.webhook_delivered(job_id)
