"""The caller's side of jobs: submit, look at, cancel, delete; a query begins with the caller's tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, defer

from bentos.common import tenants
from bentos.common.audit.caller import Caller
from bentos.common.audit.trail import append
from bentos.common.cursors import Cursors
from bentos.common.database.tables import Tenant
from bentos.common.errors import Conflict
from bentos.contracts import JobDeleted, JobListOptions, JobPage, JobStatus
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.tables import VideoJob
from bentos.deepfake_detection.video import room
from bentos.deepfake_detection.video.records import JobRecord, NewJob, record_of
from bentos.deepfake_detection.video.rows import Rows, end_job, find_job


class Submissions(Rows):
    """A tenant's jobs."""

    def require_room(self, tenant: str, size: int, settings: VideoSettings) -> None:
        """Refuse a video of ``size`` bytes before it is read; ``create`` looks again.

        Raises:
            RateLimited: Too many jobs of the tenant wait or run, or too many bytes of its uploads are kept.
        """
        with self._database.read() as session:
            room.require_room(session, tenants.find(session, tenant), size, settings)

    def create(
        self, caller: Caller, new: NewJob, key: str | None, settings: VideoSettings
    ) -> tuple[JobRecord, bool]:
        """Add a job, queued; the job of an earlier request with the same digest of its key is found instead.

        Returns:
            The job, and whether it was made now.

        Raises:
            Conflict: The key was used for another video, or with other options.
            RateLimited: As ``require_room``.
        """
        with self._database.write() as session:
            tenant_id = tenants.ensure(session, caller.tenant)
            _one_at_a_time(session, tenant_id)
            if (known := _by_key(session, tenant_id, key)) is not None:
                _require_same(known, new)
                return record_of(known), False
            room.require_room(session, tenant_id, new.size, settings)
            job = self._add(session, tenant_id, new, key)
            append(
                session, caller.tenant, caller.deed("video.submit", {"job_id": job.id}, details=_said(new))
            )
            return record_of(job), True

    def by_key(self, tenant: str, key: str) -> JobRecord | None:
        """The job of an earlier request with the same idempotency key."""
        with self._database.read() as session:
            found = _by_key(session, tenants.find(session, tenant), key)
            return None if found is None else record_of(found)

    def get(self, tenant: str, job_id: str) -> JobRecord:
        """A job.

        Raises:
            NotFound: The tenant has none of this id.
        """
        with self._database.read() as session:
            return record_of(find_job(session, tenant, job_id))

    def page(self, tenant: str, options: JobListOptions, cursors: Cursors) -> JobPage:
        """The tenant's jobs without their results, the latest first.

        Raises:
            InvalidRequest: The cursor is of another listing.
        """
        status = options.status
        scope = (tenant, "jobs", status.value if status else "")
        with self._database.read() as session:
            query = select(VideoJob).where(VideoJob.tenant_id == tenants.find(session, tenant))
            if status:
                query = query.where(VideoJob.status == status.value)
            if options.cursor:
                at, last = cursors.read(scope, options.cursor)
                before = datetime.fromisoformat(str(at))
                same = and_(VideoJob.created_at == before, VideoJob.id < str(last))
                query = query.where(or_(VideoJob.created_at < before, same))
            ordered = query.order_by(VideoJob.created_at.desc(), VideoJob.id.desc())
            found = session.scalars(ordered.limit(options.limit + 1).options(defer(VideoJob.result))).all()
        shown = found[: options.limit]
        more = cursors.sign(scope, _position(shown[-1])) if len(found) > len(shown) else None
        return JobPage(jobs=[record_of(job, with_result=False).info() for job in shown], next_cursor=more)

    def cancel_or_delete(self, caller: Caller, job_id: str) -> JobDeleted:
        """Cancel a job that waits or runs, delete one that is over; its upload need not stay in either case.

        Raises:
            NotFound: The tenant has none of this id.
        """
        with self._database.write() as session:
            job = find_job(session, caller.tenant, job_id, lock=True)
            over = JobStatus(job.status).over
            if over:
                session.delete(job)
            else:
                end_job(session, job, JobStatus.CANCELLED, self._clock())
            session.flush()
            action = "video.delete" if over else "video.cancel"
            append(session, caller.tenant, caller.deed(action, {"job_id": job_id}))
        return JobDeleted(job_id=job_id, status="deleted" if over else "cancelled")

    def _add(self, session: Session, tenant_id: str, new: NewJob, key: str | None) -> VideoJob:
        at = self._clock()
        job = VideoJob(
            id=new.job_id,
            tenant_id=tenant_id,
            status=JobStatus.QUEUED.value,
            request_key=key,
            options=new.options.model_dump(mode="json"),
            size=new.size,
            sha256=new.sha256,
            facts=new.facts.to_json(),
            created_at=at,
            sent_at=at,
        )
        session.add(job)
        session.flush()
        return job


def _one_at_a_time(session: Session, tenant_id: str) -> None:
    """Two requests at once must not both find the last room. Rows that refer to the tenant do not wait for this."""
    session.execute(select(Tenant.id).where(Tenant.id == tenant_id).with_for_update(key_share=True))


def _by_key(session: Session, tenant_id: str | None, key: str | None) -> VideoJob | None:
    if key is None:
        return None
    return session.scalar(
        select(VideoJob).where(VideoJob.tenant_id == tenant_id, VideoJob.request_key == key)
    )


def _require_same(known: VideoJob, new: NewJob) -> None:
    if known.sha256 != new.sha256 or known.options != new.options.model_dump(mode="json"):
        raise Conflict("This Idempotency-Key was used for another request; take a new one for each.")


def _said(new: NewJob) -> dict[str, float]:
    return {"bytes": new.size, "duration_s": new.facts.duration_s}


def _position(job: VideoJob) -> Sequence[str]:
    return job.created_at.isoformat(), job.id
