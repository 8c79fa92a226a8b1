"""The worker's side of jobs: one owner at a time, by a lease that it renews.

The row is locked while it changes, and what is changed is asked for by its owner: whoever lost the lease, or whose
job was cancelled, changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import case, select, update

from bentos.common.audit.guard import fitted
from bentos.common.database.conflicts import upsert
from bentos.contracts import ErrorCode, JobStatus, VideoResult
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.tables import VideoChunk, VideoJob
from bentos.deepfake_detection.video.records import Claim, claim_of
from bentos.deepfake_detection.video.rows import Rows, end_job, held_job, holds, note_end

LOST = "its worker was lost"
LONGEST = 2000
"""Characters of a fault or a message."""


class Leases(Rows):
    """Jobs in workers' hands; ``owner`` is a name of at most 200 characters that each attempt makes anew."""

    def claim(self, job_id: str, owner: str, settings: VideoSettings) -> Claim | None:
        """Take a job up; None where another one holds it, or it is over or gone.

        One that was begun too often already is failed here: its workers were lost without a word.
        """
        with self._database.write() as session:
            job = session.scalar(select(VideoJob).where(VideoJob.id == job_id).with_for_update())
            at = self._clock()
            if job is None or not _free(job, at):
                return None
            if job.status == JobStatus.RUNNING.value:
                job.fault = LOST
            if job.attempts >= settings.max_attempts:
                _give_up(job)
                end_job(session, job, JobStatus.FAILED, at)
                note_end(session, job, ErrorCode.INTERNAL_ERROR.value, {"fault": job.fault})
                return None
            job.status, job.owner = JobStatus.RUNNING.value, owner
            job.lease_until = at + timedelta(seconds=settings.lease_s)
            job.attempts += 1
            job.started_at = job.started_at or at
            return claim_of(job)

    def held(self, job_id: str, owner: str) -> Claim | None:
        """What an owner claimed, for another process of the same owner; None where it holds it no more."""
        with self._database.read() as session:
            job = session.scalar(select(VideoJob).where(holds(job_id, owner)))
            return None if job is None else claim_of(job)

    def renew(self, job_id: str, owner: str, lease_s: float, progress: float) -> bool:
        """Hold a job for ``lease_s`` seconds from now; False where it is the owner's no more.

        ``progress`` goes from 0 to 1; less than is known already changes nothing of it.
        """
        share = max(0.0, min(progress, 1.0))
        values = {
            VideoJob.lease_until: self._clock() + timedelta(seconds=lease_s),
            VideoJob.progress: case((VideoJob.progress < share, share), else_=VideoJob.progress),
        }
        statement = update(VideoJob).where(holds(job_id, owner)).values(values)
        with self._database.write() as session:
            done = session.execute(statement.execution_options(synchronize_session=False))
            return bool(done.rowcount)  # type: ignore[attr-defined]

    def save_chunk(self, job_id: str, owner: str, index: int, payload: bytes) -> bool:
        """Keep what was found in one part, from 0, in place of what other models found. False as for ``renew``."""
        with self._database.write() as session:
            if held_job(session, job_id, owner) is None:
                return False
            keep = upsert(session, VideoChunk).values(job_id=job_id, number=index, payload=payload)
            keys = (VideoChunk.job_id, VideoChunk.number)
            session.execute(keep.on_conflict_do_update(index_elements=keys, set_={"payload": payload}))
            return True

    def chunks(self, job_id: str) -> Mapping[int, bytes]:
        """What was found in the parts that are done, in their order; none where the job is over."""
        query = select(VideoChunk.number, VideoChunk.payload).where(VideoChunk.job_id == job_id)
        with self._database.read() as session:
            return dict(session.execute(query.order_by(VideoChunk.number)).all())

    def finish(self, job_id: str, owner: str, result: VideoResult) -> bool:
        """End a job with its result; False as for ``renew``."""
        counts = {"frames": result.frames_analyzed, "tracks": len(result.tracks)}
        with self._database.write() as session:
            if (job := held_job(session, job_id, owner)) is None:
                return False
            job.result = result.model_dump(mode="json")
            job.progress = 1.0
            end_job(session, job, JobStatus.SUCCEEDED, self._clock())
            note_end(session, job, "ok", counts)
            return True

    def fail(self, job_id: str, owner: str, code: str, message: str) -> bool:
        """End a job by a fault of its video: another attempt would meet it again. False as for ``renew``.

        ``code`` is an ``ErrorCode``, ``message`` a sentence for the caller.
        """
        with self._database.write() as session:
            if (job := held_job(session, job_id, owner)) is None:
                return False
            job.error_code, job.error_message = code, fitted(message, LONGEST)
            end_job(session, job, JobStatus.FAILED, self._clock())
            note_end(session, job, code, {})
            return True

    def give_back(
        self, job_id: str, owner: str, reason: str, settings: VideoSettings, *, counts: bool = True
    ) -> JobStatus:
        """After a crash: queue a job again, or fail it where it was begun too often; the reason is kept.

        The reason is for operators; the caller is not told. ``counts=False`` is for an attempt that broke off by
        nobody's fault, such as a worker that is stopped: it is as if it had not been made.

        Returns:
            What the job is now, also where it was not the owner's; cancelled where it is gone.
        """
        with self._database.write() as session:
            if (job := held_job(session, job_id, owner)) is None:
                known = session.scalar(select(VideoJob.status).where(VideoJob.id == job_id))
                return JobStatus.CANCELLED if known is None else JobStatus(known)
            at = self._clock()
            job.fault = fitted(reason, LONGEST)
            if not counts:
                job.attempts -= 1
            if job.attempts < settings.max_attempts:
                job.status, job.sent_at = JobStatus.QUEUED.value, at
                job.owner = job.lease_until = None
                return JobStatus.QUEUED
            _give_up(job)
            end_job(session, job, JobStatus.FAILED, at)
            note_end(session, job, ErrorCode.INTERNAL_ERROR.value, {"fault": job.fault})
            return JobStatus.FAILED


def _free(job: VideoJob, at: datetime) -> bool:
    if job.status == JobStatus.RUNNING.value:
        return job.lease_until is None or job.lease_until <= at
    return job.status == JobStatus.QUEUED.value


def _give_up(job: VideoJob) -> None:
    job.error_code = ErrorCode.INTERNAL_ERROR.value
    job.error_message = f"The analysis broke off {job.attempts} times and was given up."
