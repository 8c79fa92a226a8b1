"""Who has yet to be told of a job's end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update

from bentos.deepfake_detection.tables import VideoJob
from bentos.deepfake_detection.video.records import JobRecord, WebhookState, record_of
from bentos.deepfake_detection.video.rows import Rows

WAITING = VideoJob.webhook_state == WebhookState.WAITING.value


class WebhookQueue(Rows):
    """Webhooks that wait; each is told at least once, or given up."""

    def webhooks_due(self, hold_s: float, limit: int = 20) -> Sequence[JobRecord]:
        """Jobs whose webhook is to be called now, the longest due first; nobody else gets them for ``hold_s`` seconds.

        ``webhook_attempts`` counts this call. Without word of what came of it, a job is due again after ``hold_s``.
        """
        at = self._clock()
        query = select(VideoJob).where(WAITING, VideoJob.webhook_next_at <= at)
        ordered = query.order_by(VideoJob.webhook_next_at).limit(limit)
        with self._database.write() as session:
            found = session.scalars(ordered.with_for_update(skip_locked=True)).all()
            for job in found:
                job.webhook_attempts += 1
                job.webhook_next_at = at + timedelta(seconds=hold_s)
            return [record_of(job) for job in found]

    def webhook_delivered(self, job_id: str) -> None:
        """The host has it."""
        self._set(job_id, WebhookState.DELIVERED, None)

    def webhook_failed(self, job_id: str, again_in_s: float | None) -> None:
        """It did not take it: try again in so many seconds, or None: never."""
        state = WebhookState.GIVEN_UP if again_in_s is None else WebhookState.WAITING
        self._set(job_id, state, again_in_s)

    def _set(self, job_id: str, state: WebhookState, again_in_s: float | None) -> None:
        again = None if again_in_s is None else self._clock() + timedelta(seconds=again_in_s)
        values = {"webhook_state": state.value, "webhook_next_at": again}
        with self._database.write() as session:
            session.execute(update(VideoJob).where(VideoJob.id == job_id, WAITING).values(values))
