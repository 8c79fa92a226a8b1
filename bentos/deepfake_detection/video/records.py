"""What the store of jobs takes and gives: values, apart from the session that read them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bentos.contracts import JobFault, JobInfo, JobStatus, VideoOptions, VideoResult
from bentos.deepfake_detection.tables import VideoJob
from bentos.deepfake_detection.video.facts import VideoFacts

_ID = re.compile(r"[0-9a-f]{32}")


class WebhookState(StrEnum):
    """Whether somebody was told of a job's end."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


def new_job_id() -> str:
    """A random id."""
    return uuid.uuid4().hex


def is_job_id(text: str) -> bool:
    """Whether ``new_job_id`` could have made it; what it made is safe as a file's name."""
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class NewJob:
    """A video that is here and was probed.

    Attributes:
        job_id: By ``new_job_id``; its upload has this name.
        size: Bytes of the upload.
        sha256: Of the upload, in hexadecimal.
    """

    job_id: str
    options: VideoOptions
    size: int
    sha256: str
    facts: VideoFacts

    def __post_init__(self) -> None:
        if not is_job_id(self.job_id):
            raise ValueError("an id of a job is 32 hexadecimal digits")


@dataclass(frozen=True, slots=True)
class JobRecord:
    """Everything of a job's row; see ``tables.VideoJob``."""

    job_id: str
    tenant_id: str
    status: JobStatus
    options: VideoOptions
    size: int
    sha256: str
    facts: VideoFacts
    upload_kept: bool
    progress: float
    attempts: int
    owner: str | None
    lease_until: datetime | None
    fault: str | None
    result: Mapping[str, Any] | None
    error: JobFault | None
    created_at: datetime
    sent_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    webhook_state: WebhookState | None
    webhook_attempts: int
    webhook_next_at: datetime | None

    def info(self) -> JobInfo:
        """As the contract says it; ``fault`` stays inside.

        Raises:
            ValidationError: Of pydantic: the row holds something that is no result.
        """
        return JobInfo(
            job_id=self.job_id,
            status=self.status,
            progress=self.progress,
            result=None if self.result is None else VideoResult.model_validate(self.result),
            error=self.error,
            created_at=self.created_at,
            started_at=self.started_at,
            finished_at=self.finished_at,
            attempts=self.attempts,
            upload_kept=self.upload_kept,
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that is its owner's to work on, until the lease ends.

    Attributes:
        attempt: From 1.
        progress: Where an earlier attempt came to.
    """

    job_id: str
    tenant_id: str
    options: VideoOptions
    facts: VideoFacts
    attempt: int
    progress: float

    @property
    def upload(self) -> str:
        """Name of the upload."""
        return self.job_id


def record_of(job: VideoJob, with_result: bool = True) -> JobRecord:
    """A row's values; ``with_result=False`` leaves the result, which may be large, where it is."""
    code = job.error_code
    return JobRecord(
        job_id=job.id,
        tenant_id=job.tenant_id,
        status=JobStatus(job.status),
        options=VideoOptions.model_validate(job.options),
        size=job.size,
        sha256=job.sha256,
        facts=VideoFacts.from_json(job.facts),
        upload_kept=job.upload_kept,
        progress=job.progress,
        attempts=job.attempts,
        owner=job.owner,
        lease_until=job.lease_until,
        fault=job.fault,
        result=job.result if with_result else None,
        error=None if code is None else JobFault(code=code, message=job.error_message or ""),
        created_at=job.created_at,
        sent_at=job.sent_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        webhook_state=None if job.webhook_state is None else WebhookState(job.webhook_state),
        webhook_attempts=job.webhook_attempts,
        webhook_next_at=job.webhook_next_at,
    )


def claim_of(job: VideoJob) -> Claim:
    """What its owner has to know of a job."""
    return Claim(
        job_id=job.id,
        tenant_id=job.tenant_id,
        options=VideoOptions.model_validate(job.options),
        facts=VideoFacts.from_json(job.facts),
        attempt=job.attempts,
        progress=job.progress,
    )
