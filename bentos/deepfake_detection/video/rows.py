"""Rows of jobs: found by tenant or by owner, locked before they change, ended in one way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from bentos.common import tenants
from bentos.common.audit.trail import Deed, append
from bentos.common.database import Database, now
from bentos.common.database.tables import Tenant
from bentos.common.errors import NotFound
from bentos.contracts import JobStatus
from bentos.deepfake_detection.tables import VideoChunk, VideoJob
from bentos.deepfake_detection.video.durations import count_duration
from bentos.deepfake_detection.video.records import WebhookState, is_job_id

SYSTEM = "system"
WAITING = (JobStatus.QUEUED.value, JobStatus.RUNNING.value)
OVER = tuple(status.value for status in JobStatus if status.over)
ROWS = 500
"""Rows a statement: a transaction should stay short."""


class Rows:
    """Where jobs are kept.

    Args:
        clock: The time in UTC.
    """

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = now) -> None:
        self._database = database
        self._clock = clock


def find_job(session: Session, tenant: str, job_id: str, lock: bool = False) -> VideoJob:
    """A tenant's job; ``lock`` keeps others from changing it until the transaction ends.

    Raises:
        NotFound: The tenant has none of this id.
    """
    found = None
    if is_job_id(job_id):
        owner = tenants.find(session, tenant)
        query = select(VideoJob).where(VideoJob.id == job_id, VideoJob.tenant_id == owner)
        found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound("There is no such job.")
    return found


def holds(job_id: str, owner: str) -> ColumnElement[bool]:
    """That a job runs in an owner's hands."""
    return (VideoJob.id == job_id) & (VideoJob.owner == owner) & (VideoJob.status == JobStatus.RUNNING.value)


def held_job(session: Session, job_id: str, owner: str) -> VideoJob | None:
    """A job that runs in an owner's hands, locked; None where it was lost, cancelled or deleted."""
    return session.scalar(select(VideoJob).where(holds(job_id, owner)).with_for_update())


def end_job(session: Session, job: VideoJob, status: JobStatus, at: datetime) -> None:
    """End a locked job: nobody owns it, what was found of faces is gone, and who waits for it is to be told."""
    job.status = status.value
    job.finished_at = at
    job.owner = job.lease_until = None
    job.upload_kept = bool(job.options["keep_upload"]) and status is not JobStatus.CANCELLED
    if job.options["webhook_url"] is not None:
        job.webhook_state, job.webhook_next_at = WebhookState.WAITING.value, at
    session.execute(delete(VideoChunk).where(VideoChunk.job_id == job.id))
    if status is not JobStatus.CANCELLED and job.started_at is not None:
        count_duration(session, (at - job.started_at).total_seconds())


def note_end(session: Session, job: VideoJob, outcome: str, details: Mapping[str, Any]) -> None:
    """Add to the tenant's chain that a job ended by itself; the last thing in a transaction."""
    target = {"job_id": job.id}
    deed = Deed(SYSTEM, SYSTEM, "video.finish", target, "", outcome, {"attempts": job.attempts, **details})
    session.flush()
    append(session, tenant_name(session, job.tenant_id), deed)


def tenant_name(session: Session, tenant_id: str) -> str:
    """The name of a tenant that is there."""
    return session.scalars(select(Tenant.name).where(Tenant.id == tenant_id)).one()
