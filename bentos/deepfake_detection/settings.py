"""Settings of videos and their jobs; what services share is in ``bentos.common.settings``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bentos.common.settings import MIN_SECRET_BYTES, PREFIX, SECRETS_DIR, Settings

VIDEOS_PATH = "/api/v1/videos"
FORM_BYTES = 1_000_000
"""Options, boundaries and headers of a form that brings a video."""


WITHHELD = frozenset(
    (
        f"{PREFIX}JWT_SECRET",
        f"{PREFIX}JWT_SECRET_FILE",
        f"{PREFIX}JWT_JWKS",
        f"{PREFIX}REDIS_URL",
        "REDIS_URL",
        f"{PREFIX}MILVUS_TOKEN",
        f"{PREFIX}MLFLOW_TOKEN",
        f"{PREFIX}MLFLOW_URI",
        "MLFLOW_TRACKING_URI",
        "MLFLOW_TRACKING_TOKEN",
        "MLFLOW_TRACKING_USERNAME",
        "MLFLOW_TRACKING_PASSWORD",
        f"{PREFIX}VIDEO_BROKER_URL",
        "CELERY_BROKER_URL",
        f"{PREFIX}VIDEO_WEBHOOK_HOSTS",
        f"{PREFIX}VIDEO_WEBHOOK_SECRET",
    )
)


class VideoSettings(BaseSettings):
    """Names: ``FACESOCIAL_VIDEO_`` and the field's name.

    Attributes:
        uploads_dir: Videos that wait for their job; None: ``uploads`` in the state folder.
        broker_url: Where Celery's messages go; None: Redis where it is set, else a folder in the state folder.
        max_bytes: Of one upload.
        max_duration_s: Of one video, by its header.
        max_pixels: Of one frame.
        jobs_per_tenant: Jobs of one tenant that may wait or run at once; beyond it 429.
        bytes_per_tenant: Uploads of one tenant that may lie here at once.
        min_free_bytes: What an upload must leave free on the disk; otherwise 503.
        chunk_s: Seconds of video after which what was found is kept; what a killed worker loses at most.
        lease_s: A job whose worker says nothing for so long is taken up by another.
        jobs_at_once: Videos that one worker analyses at the same time, each in a process of its own.
        max_attempts: How often a job is begun before it is given up, its last fault kept.
        job_limit_s: Longest run of one attempt.
        stall_limit_s: Longest time without progress; building a GPU's engines is none.
        job_memory_bytes: Most address space of the process that decodes and judges one video.
        retention_s: How long a job that is over stays, with its result.
        webhook_hosts: Hosts that may be told of a job's end; empty: no webhooks at all.
        webhook_secret: Signs them (HMAC-SHA256); needed with ``webhook_hosts``.
        webhook_private: Whether such a host may have a private address, or plain HTTP.
    """

    model_config = SettingsConfigDict(
        env_prefix=f"{PREFIX}VIDEO_", secrets_dir=SECRETS_DIR, extra="ignore", frozen=True
    )

    uploads_dir: Path | None = None
    broker_url: Annotated[
        SecretStr | None,
        Field(validation_alias=AliasChoices(f"{PREFIX}VIDEO_BROKER_URL", "CELERY_BROKER_URL")),
    ] = None
    max_bytes: Annotated[int, Field(gt=0)] = 500_000_000
    max_duration_s: Annotated[float, Field(gt=0)] = 2 * 3600.0
    max_pixels: Annotated[int, Field(gt=0)] = 40_000_000
    jobs_per_tenant: Annotated[int, Field(ge=1)] = 20
    bytes_per_tenant: Annotated[int, Field(gt=0)] = 10_000_000_000
    min_free_bytes: Annotated[int, Field(ge=0)] = 1_000_000_000
    chunk_s: Annotated[float, Field(gt=0)] = 10.0
    lease_s: Annotated[float, Field(ge=2)] = 20.0
    jobs_at_once: Annotated[int, Field(ge=1, le=64)] = 1
    max_attempts: Annotated[int, Field(ge=1)] = 5
    job_limit_s: Annotated[float, Field(gt=0)] = 4 * 3600.0
    stall_limit_s: Annotated[float, Field(gt=0)] = 1800.0
    job_memory_bytes: Annotated[int, Field(gt=0)] = 8_000_000_000
    retention_s: Annotated[float, Field(gt=0)] = 7 * 24 * 3600.0
    webhook_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    webhook_secret: SecretStr | None = None
    webhook_private: bool = False

    @model_validator(mode="before")
    @classmethod
    def _split_hosts(cls, values: object) -> object:
        if isinstance(values, dict) and isinstance(values.get("webhook_hosts"), str):
            hosts = values["webhook_hosts"].split(",")
            return values | {"webhook_hosts": tuple(host.strip().lower() for host in hosts if host.strip())}
        return values

    @model_validator(mode="after")
    def _signed(self) -> Self:
        secret = self.webhook_secret.get_secret_value() if self.webhook_secret else ""
        if self.webhook_hosts and len(secret.encode()) < MIN_SECRET_BYTES:
            raise ValueError(
                f"webhooks are signed: set {PREFIX}VIDEO_WEBHOOK_SECRET to {MIN_SECRET_BYTES} bytes or more"
            )
        return self

    @property
    def max_body_bytes(self) -> int:
        """Of a request that brings a video: the form around it has room too."""
        return self.max_bytes + FORM_BYTES

    def uploads(self, settings: Settings) -> Path:
        """The folder of uploads."""
        return (self.uploads_dir or settings.state_dir / "uploads").expanduser().absolute()


def environment_of_analysis() -> dict[str, str]:
    """What a process that decodes videos of strangers inherits: no secret that it has no use for."""
    return {name: value for name, value in os.environ.items() if name.upper() not in WITHHELD}


def worker_mark(settings: Settings) -> Path:
    """The file that is there while this machine's worker takes jobs."""
    return settings.state_dir / "video-worker.ready"
