"""Calling webhooks: real servers, polite and hostile; no call leads elsewhere than was checked."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import ssl
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from certificates import write_pair
from pydantic import SecretStr
from video_jobs import ACME, RESULT, Hand, new_job
from webhook_receiver import Answer, Receiver, dripping, endless, silent, status

from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.jobs import JobStore, WebhookState
from bentos.deepfake_detection.video.webhook_address import Refused, Resolve
from bentos.deepfake_detection.video.webhook_call import MAX_ANSWER, Caller
from bentos.deepfake_detection.video.webhooks import MAX_CALLS, Webhooks, pause_s

HOST = "hooks.example.test"
SECRET = "a secret of thirty-two bytes or so"
BODY, AT = b'{"job_id":"1"}', "1700000000"


def here(*asked: list[str]) -> Resolve:
    """Every name is this machine; ``asked`` notes which was looked up."""

    def resolve(host: str, port: int) -> Sequence[str]:
        for names in asked:
            names.append(host)
        return ["127.0.0.1"]

    return resolve


def settings(**changes: Any) -> VideoSettings:
    own = {"webhook_hosts": (HOST, "127.0.0.1"), "webhook_private": True, "lease_s": 20.0}
    return VideoSettings(webhook_secret=SecretStr(SECRET), **{**own, **changes})


def caller(resolve: Resolve | None = None, **options: Any) -> Caller:
    changes = options.pop("changes", {})
    return Caller(settings(**changes), resolve or here(), **options)


def call(caller: Caller, url: str) -> int:
    return asyncio.run(caller.call(url, BODY, AT))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Path]]:
    folder = tmp_path_factory.mktemp("certificates")
    return lambda name: write_pair(folder, name)


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def test_a_call_is_signed_and_says_what_it_is() -> None:
    with Receiver() as receiver:
        assert call(caller(), f"http://{HOST}:{receiver.port}/jobs?tenant=a") == 204
    (told,) = receiver.told
    assert (told.path, told.body) == ("/jobs?tenant=a", BODY)
    expected = hmac.new(SECRET.encode(), f"{AT}.".encode() + BODY, hashlib.sha256).hexdigest()
    assert told.headers["X-FaceSocial-Signature"] == f"v1={expected}"
    assert told.headers["X-FaceSocial-Timestamp"] == AT
    assert told.headers["X-FaceSocial-Event"] == "video.job.finished"
    assert told.headers["Content-Type"] == "application/json"
    assert told.headers["Host"] == f"{HOST}:{receiver.port}"


def test_a_name_is_resolved_once_and_that_very_address_is_called() -> None:
    """The system's resolver knows no such name: who asked again would get nowhere."""
    asked: list[str] = []
    with Receiver() as receiver:
        assert call(caller(here(asked)), f"http://{HOST}:{receiver.port}/") == 204
    assert asked == [HOST]


def test_over_tls_the_certificate_is_for_the_name(pairs: Callable[[str], tuple[Path, Path]]) -> None:
    pair = pairs(HOST)
    with Receiver(pair=pair) as receiver:
        url = f"https://{HOST}:{receiver.port}/"
        assert call(caller(certificates=trusting(pair[0])), url) == 204
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate verify failed"):
            call(caller(), url)
    assert len(receiver.told) == 1


def test_a_certificate_for_another_name_is_refused(pairs: Callable[[str], tuple[Path, Path]]) -> None:
    pair = pairs("other.example.test")
    with Receiver(pair=pair) as receiver:
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate verify failed"):
            call(caller(certificates=trusting(pair[0])), f"https://{HOST}:{receiver.port}/")
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate verify failed"):
            call(caller(certificates=trusting(pair[0])), f"https://127.0.0.1:{receiver.port}/")
    assert receiver.told == []


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "169.254.169.254", "10.0.0.1", "::ffff:127.0.0.1", "fe80::1%lo"]
)
def test_a_name_that_leads_inside_is_not_called(address: str) -> None:
    with Receiver() as receiver:
        inside = caller(lambda *_: [address], changes={"webhook_private": False})
        with pytest.raises(Refused, match="private"):
            call(inside, f"https://{HOST}:{receiver.port}/")
    assert receiver.told == []


def test_a_host_that_was_allowed_once_is_not_called_any_more() -> None:
    with Receiver() as receiver, pytest.raises(Refused, match="not among"):
        call(caller(changes={"webhook_hosts": ("new.example.test",)}), f"http://{HOST}:{receiver.port}/")
    assert receiver.told == []


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(code: int) -> None:
    with Receiver() as inside, Receiver(status(code, Location=f"http://127.0.0.1:{inside.port}/")) as front:
        assert call(caller(), f"http://{HOST}:{front.port}/") == code
    assert (len(front.told), inside.told) == (1, [])


@pytest.mark.parametrize("answer", [silent, dripping])
def test_a_host_that_takes_its_time_is_left(answer: Answer) -> None:
    with Receiver(answer) as receiver:
        with pytest.raises(TimeoutError):
            call(caller(limit_s=3), f"http://{HOST}:{receiver.port}/")
        receiver.wait(1)  # on a busy machine the host reads what was sent after the caller has left
    assert len(receiver.told) == 1


def test_an_answer_without_end_is_left() -> None:
    with Receiver(endless) as receiver:
        assert call(caller(), f"http://{HOST}:{receiver.port}/") == 200
        assert receiver.left.wait(10)
    assert receiver.sent < 100 * MAX_ANSWER, "buffers of the system included"


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as proxy, Receiver() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert call(caller(), f"http://{HOST}:{receiver.port}/") == 204
    assert (proxy.told, len(receiver.told)) == ([], 1)


def ended(store: JobStore, url: str, end: str = "finish") -> str:
    job_id = store.create(ACME, new_job(webhook_url=url), None, settings())[0].job_id
    assert store.claim(job_id, "w", settings())
    if end == "finish":
        assert store.finish(job_id, "w", RESULT)
    else:
        assert store.fail(job_id, "w", "NO_FACE", "There is no face.")
    return job_id


@pytest.mark.parametrize("end", ["finish", "fail"])
def test_what_is_told_is_the_job_and_its_end_and_nothing_of_a_face(store: JobStore, end: str) -> None:
    with Receiver() as receiver:
        job_id = ended(store, f"http://{HOST}:{receiver.port}/", end)
        assert Webhooks(store, settings(), caller()).deliver() == 1
    (told,) = receiver.told
    record = store.get("acme", job_id)
    assert record.finished_at is not None
    assert record.webhook_state is WebhookState.DELIVERED
    expected = {
        "job_id": job_id,
        "status": record.status.value,
        "finished_at": record.finished_at.isoformat(),
    }
    if end == "fail":
        expected |= {"error": {"code": "NO_FACE", "message": "There is no face."}}
    assert json.loads(told.body) == expected


def test_of_many_one_slow_host_keeps_nobody_waiting(store: JobStore) -> None:
    with Receiver(silent) as slow, Receiver() as quick:
        jobs = [ended(store, f"http://{HOST}:{one.port}/") for one in (slow, quick)]
        assert Webhooks(store, settings(), caller(limit_s=1)).deliver() == 2
    states = [store.get("acme", job).webhook_state for job in jobs]
    assert states == [WebhookState.WAITING, WebhookState.DELIVERED]


def test_what_fails_is_tried_again_later_and_in_the_end_given_up(
    store: JobStore, hand: Hand, caplog: pytest.LogCaptureFixture
) -> None:
    waited = 0.0
    with Receiver(status(500)) as receiver, caplog.at_level(logging.WARNING):
        job_id = ended(store, f"http://{HOST}:{receiver.port}/secret-path")
        webhooks = Webhooks(store, settings(), caller())
        for number in range(1, MAX_CALLS + 1):
            assert webhooks.deliver() == 1
            assert webhooks.deliver() == 0, "not at once"
            record = store.get("acme", job_id)
            assert record.webhook_attempts == number
            if number < MAX_CALLS:
                assert record.webhook_next_at is not None
                pause = (record.webhook_next_at - hand.at).total_seconds()
                waited += pause
                hand.forward(pause)
        hand.forward(30 * 24 * 3600)
        assert webhooks.deliver() == 0
    assert store.get("acme", job_id).webhook_state is WebhookState.GIVEN_UP
    assert len(receiver.told) == MAX_CALLS
    assert 2 * 3600 < waited < 24 * 3600
    assert "the answer was 500" in caplog.text
    assert "secret-path" not in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("url", "why"), [(f"http://{HOST}:9/", "ConnectError|port"), ("http://evil.test/", "not among")]
)
def test_one_that_cannot_be_called_waits_with_the_reason(
    store: JobStore, url: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    job_id = ended(store, url)
    with caplog.at_level(logging.WARNING):
        Webhooks(store, settings(), caller()).deliver()
    assert store.get("acme", job_id).webhook_state is WebhookState.WAITING
    assert any(part in caplog.text for part in why.split("|"))


def test_pauses_grow_and_are_not_the_same_for_all() -> None:
    pauses = [pause_s(calls) for calls in range(1, MAX_CALLS)]
    assert all(earlier < later for earlier, later in pairwise(pauses))  # type: ignore[operator]
    assert pause_s(MAX_CALLS) is None
    assert len({pause_s(1) for _ in range(20)}) > 1
