"""What is done with jobs by the clock: find the lost ones, remove the old ones, count them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import and_, delete, func, or_, select, update

from bentos.common.audit.trail import Deed, append
from bentos.contracts import JobStatus
from bentos.deepfake_detection.tables import VideoChunk, VideoJob
from bentos.deepfake_detection.video.durations import durations_of
from bentos.deepfake_detection.video.rows import OVER, ROWS, SYSTEM, Rows, tenant_name


class Upkeep(Rows):
    """All tenants' jobs."""

    def lost(self, queued_for_s: float, *, messages_wait: bool = False) -> Sequence[str]:
        """Jobs to be sent to the workers again: unclaimed for so long since the last time, or with a dead worker.

        They are noted as sent now, so that several reapers, or one that comes often, do not fill the queue. While
        ``messages_wait`` there, a job that nobody claimed has its own among them.
        """
        at = self._clock()
        sent_before = VideoJob.sent_at <= at - timedelta(seconds=queued_for_s)
        dead = and_(VideoJob.status == JobStatus.RUNNING.value, VideoJob.lease_until <= at)
        unclaimed = VideoJob.status == JobStatus.QUEUED.value
        query = select(VideoJob.id).where(sent_before, dead if messages_wait else or_(unclaimed, dead))
        with self._database.write() as session:
            ordered = query.order_by(VideoJob.sent_at).limit(ROWS)
            found = session.scalars(ordered.with_for_update(skip_locked=True)).all()
            session.execute(update(VideoJob).where(VideoJob.id.in_(found)).values(sent_at=at))
        return found

    def expired(self, retention_s: float) -> Sequence[str]:
        """Jobs that are over for so long, the oldest first; not more than fit one transaction."""
        before = self._clock() - timedelta(seconds=retention_s)
        query = select(VideoJob.id).where(VideoJob.status.in_(OVER), VideoJob.finished_at <= before)
        with self._database.read() as session:
            return session.scalars(query.order_by(VideoJob.finished_at).limit(ROWS)).all()

    def remove(self, job_ids: Sequence[str]) -> None:
        """Remove jobs that are over, with their results; others stay."""
        for tenant_id in self._tenants_of(job_ids):
            chosen = (VideoJob.id.in_(job_ids), VideoJob.tenant_id == tenant_id, VideoJob.status.in_(OVER))
            with self._database.write() as session:
                locked = select(VideoJob.id).where(*chosen).order_by(VideoJob.id).with_for_update()
                found = session.scalars(locked).all()
                session.execute(delete(VideoJob).where(VideoJob.id.in_(found)))
                if found:
                    deed = Deed(SYSTEM, SYSTEM, "video.expire", {}, "retention", details={"jobs": len(found)})
                    append(session, tenant_name(session, tenant_id), deed)

    def forget_faces(self) -> None:
        """After an older backup was restored: what it holds of faces may be of jobs that were deleted since.

        Thumbnails leave the results, and parts go; a job that is not over is analysed from its beginning.
        """
        with self._database.write() as session:
            session.execute(delete(VideoChunk))
            for job in session.scalars(select(VideoJob).where(VideoJob.result.is_not(None))):
                assert job.result is not None
                moments = [{**moment, "thumbnail": None} for moment in job.result["moments"]]
                job.result = {**job.result, "moments": moments}

    def uploads_in_use(self) -> set[str]:
        """Ids of jobs whose uploads have to stay."""
        with self._database.read() as session:
            return set(session.scalars(select(VideoJob.id).where(VideoJob.upload_kept)))

    def done_with(self, job_ids: Sequence[str]) -> Sequence[str]:
        """Those of some jobs that are over and need their uploads no more."""
        over = (VideoJob.status.in_(OVER), VideoJob.upload_kept.is_(False))
        with self._database.read() as session:
            parts = [job_ids[start : start + ROWS] for start in range(0, len(job_ids), ROWS)]
            queries = [select(VideoJob.id).where(VideoJob.id.in_(part), *over) for part in parts]
            return [job_id for query in queries for job_id in session.scalars(query)]

    def counts(self) -> Mapping[JobStatus, int]:
        """How many jobs there are of each status."""
        query = select(VideoJob.status, func.count()).group_by(VideoJob.status)
        with self._database.read() as session:
            found = dict(session.execute(query).all())
        return {status: found.get(status.value, 0) for status in JobStatus}

    def durations(self) -> tuple[Sequence[tuple[float, int]], float]:
        """Of jobs that ended by themselves: how many within each bound, and all their seconds together."""
        with self._database.read() as session:
            return durations_of(session)

    def _tenants_of(self, job_ids: Sequence[str]) -> Sequence[str]:
        query = select(VideoJob.tenant_id).where(VideoJob.id.in_(job_ids)).distinct()
        with self._database.read() as session:
            return session.scalars(query.order_by(VideoJob.tenant_id)).all()
