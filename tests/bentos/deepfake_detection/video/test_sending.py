"""Messages to workers: through a folder, and through a Redis that is stopped, paused and started again."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis_server import RedisServer

from bentos.common.errors import ConfigurationError, DependencyUnavailable
from bentos.common.settings import Settings
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.celery_app import ANALYSE, QUEUE, make_app
from bentos.deepfake_detection.video.folder_broker import tidy
from bentos.deepfake_detection.video.sending import Sender

JOBS = ["a" * 32, "b" * 32, "c" * 32]


def folder_settings(tmp_path: Path) -> Settings:
    return Settings(state_dir=tmp_path / "state", redis_url=None)


def taken(settings: Settings, video: VideoSettings) -> list[str]:
    """What a worker takes, in its order."""
    app, found = make_app(settings, video), []
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue(QUEUE)
        while True:
            try:
                message = queue.get(timeout=1)
            except queue.Empty:
                break
            assert message.headers["task"] == ANALYSE
            (arguments, *_) = message.decode()
            found += arguments
            message.ack()
        queue.close()
    return found


def test_a_folder_hands_messages_on_in_their_order(tmp_path: Path) -> None:
    settings, video = folder_settings(tmp_path), VideoSettings()
    sender = Sender(settings, video)
    assert sender.waiting() == 0
    assert all(sender.send(job) for job in JOBS)
    assert sender.waiting() == 3
    assert Sender(settings, video).waiting() == 3, "also of another process"
    assert taken(settings, video) == JOBS
    assert sender.waiting() == 0


def test_the_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    settings = folder_settings(tmp_path)
    Sender(settings, VideoSettings()).send(JOBS[0])
    folder = settings.state_dir / "broker"
    paths = [folder, *folder.rglob("*")]
    assert any(path.is_file() for path in paths)
    for path in paths:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_half_a_message_is_no_message_and_is_removed_in_time(tmp_path: Path) -> None:
    settings, video = folder_settings(tmp_path), VideoSettings()
    Sender(settings, video).send(JOBS[0])
    folder = settings.state_dir / "broker"
    half = folder / "messages" / "00000000000000000001_x.part"
    half.write_text('{"body": "')
    assert taken(settings, video) == [JOBS[0]]
    tidy(folder, 3600)
    assert half.exists(), "it may still be written"
    tidy(folder, -1)
    assert not half.exists()
    assert list((folder / "taken").iterdir()) == []


def test_a_folder_that_is_gone_loses_a_message_and_fails_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = folder_settings(tmp_path)
    sender = Sender(settings, VideoSettings())
    folder = settings.state_dir / "broker"
    folder.rename(folder.with_name("elsewhere"))
    with caplog.at_level(logging.WARNING):
        assert not sender.send(JOBS[0])
    assert "waits for the reaper" in caplog.text
    with pytest.raises(DependencyUnavailable):
        sender.waiting()


def test_a_folder_that_cannot_be_made_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(ConfigurationError, match="FACESOCIAL_STATE_DIR"):
        Sender(folder_settings(tmp_path), VideoSettings())


def test_redis_may_stop_pause_and_start_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with RedisServer(tmp_path, ("--requirepass", "hidden")) as redis:
        url = SecretStr(redis.url.replace("//", "//:hidden@"))
        settings, video = Settings(state_dir=tmp_path, redis_url=url), VideoSettings()
        sender = Sender(settings, video)
        assert sender.send(JOBS[0])
        assert sender.waiting() == 1
        redis.stop()
        assert not sender.send(JOBS[1])
        with pytest.raises(DependencyUnavailable):
            sender.waiting()
        redis.start()
        assert sender.send(JOBS[1])
        redis.pause()
        assert not sender.send(JOBS[2])
        with pytest.raises(DependencyUnavailable):
            sender.waiting()
        redis.resume()
        assert sender.send(JOBS[2])
        assert {JOBS[1], JOBS[2]} <= set(taken(settings, video)), "one may come twice, none is missing"
    assert "hidden" not in caplog.text
    assert not (tmp_path / "broker").exists()


def test_a_broker_of_its_own_goes_before_redis(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path, redis_url=SecretStr("redis://cache.example.test/0"))
    video = VideoSettings(FACESOCIAL_VIDEO_BROKER_URL="redis://broker.example.test/1")
    assert make_app(settings, video).connection_for_write().hostname == "broker.example.test"
    assert make_app(settings, VideoSettings()).connection_for_write().hostname == "cache.example.test"


def test_what_is_promised_of_messages(tmp_path: Path) -> None:
    video = VideoSettings(job_limit_s=5000)
    conf = make_app(folder_settings(tmp_path), video).conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]
    assert conf.task_time_limit > video.job_limit_s
    assert conf.broker_transport_options["visibility_timeout"] > conf.task_time_limit
    assert {entry["task"] for entry in conf.beat_schedule.values()} == {
        "video.reap",
        "video.purge",
        "video.webhooks",
    }


@pytest.mark.parametrize(("query", "checked"), [("", True), ("?ssl_cert_reqs=none", False)])
def test_over_tls_the_certificate_of_redis_is_checked(tmp_path: Path, query: str, checked: bool) -> None:
    settings = Settings(state_dir=tmp_path, redis_url=SecretStr(f"rediss://broker.example.test/0{query}"))
    connection = make_app(settings, VideoSettings()).connection_for_write()
    assert bool(connection.ssl and connection.ssl.get("ssl_check_hostname")) is checked
