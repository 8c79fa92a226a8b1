"""Celery as videos use it: where messages go, and what is promised of them.

A message says "there is a job" and nothing else; the job's row is the truth. So a message may be lost, come twice or
come late, and nothing is kept of results.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from celery import Celery

from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.folder_broker import Transport, make_folders

NAME = "facesocial-video"
QUEUE = "facesocial-video"
ANALYSE, REAP, PURGE, WEBHOOKS = "video.analyse", "video.reap", "video.purge", "video.webhooks"
REAP_S, PURGE_S, WEBHOOKS_S = 3.0, 60.0, 3.0
MARGIN_S = 600.0
"""Between the longest run of a job and what Celery does to one that runs for longer."""
POLL_S = 0.5
ANSWER_S = 10.0
FOLDER_TRANSPORT = f"{Transport.__module__}:{Transport.__qualname__}"
REDIS = MappingProxyType(
    {
        "socket_connect_timeout": ANSWER_S,
        "socket_timeout": ANSWER_S,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }
)


def broker_folder(settings: Settings) -> Path:
    """Where messages lie that go through a folder."""
    return settings.state_dir / "broker"


def broker_url(settings: Settings, video: VideoSettings) -> str | None:
    """The broker's address; None: the folder."""
    chosen = video.broker_url or settings.redis_url
    return chosen.get_secret_value() if chosen else None


def make_app(settings: Settings, video: VideoSettings) -> Celery:
    """Celery with this broker, without tasks.

    Raises:
        ConfigurationError: The folder of messages cannot be made.
    """
    app = Celery(NAME, set_as_current=False)
    app.conf.update(_broker(settings, video), **_promises(video), **_schedule())
    return app


def _broker(settings: Settings, video: VideoSettings) -> dict[str, object]:
    limit = {"visibility_timeout": round(video.job_limit_s + 2 * MARGIN_S)}
    url = broker_url(settings, video)
    if url is None:
        options = {"polling_interval": POLL_S, **limit, **_folders(broker_folder(settings))}
        return _named("filesystem://localhost/", options) | {"broker_transport": FOLDER_TRANSPORT}
    if url.startswith(("redis://", "rediss://")):
        return _named(url, {**REDIS, **limit}) | _certificates(url)
    return _named(url, limit)


def _named(url: str, options: Mapping[str, object]) -> dict[str, object]:
    # All three: CELERY_BROKER_*_URL of the environment would win over the first.
    names = ("broker_url", "broker_read_url", "broker_write_url")
    return {**dict.fromkeys(names, url), "broker_transport_options": dict(options)}


def _certificates(url: str) -> dict[str, object]:
    """Kombu checks no certificate unless it is told to."""
    if url.startswith("rediss://") and "ssl_cert_reqs" not in url:
        return {"broker_use_ssl": {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}}
    return {}


def _folders(folder: Path) -> dict[str, object]:
    try:
        return make_folders(folder)
    except OSError as error:
        raise ConfigurationError(
            f"The folder of messages {folder} cannot be made ({error.strerror}): set FACESOCIAL_STATE_DIR "
            "to another, or FACESOCIAL_REDIS_URL."
        ) from error


def _promises(video: VideoSettings) -> dict[str, object]:
    return {
        "task_default_queue": QUEUE,
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_time_limit": video.job_limit_s + MARGIN_S,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0.2, "timeout": ANSWER_S},
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "worker_pool": "threads",  # a task waits for its child: a process for each would only cost memory
        "worker_concurrency": video.jobs_at_once,
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,
        "worker_redirect_stdouts": False,
        "worker_detect_quorum_queues": False,
    }


def _schedule() -> dict[str, object]:
    entries = {REAP: REAP_S, PURGE: PURGE_S, WEBHOOKS: WEBHOOKS_S}
    return {
        "beat_schedule": {name: {"task": name, "schedule": seconds} for name, seconds in entries.items()},
        "beat_scheduler": "bentos.deepfake_detection.video.beat:DoingScheduler",
    }
