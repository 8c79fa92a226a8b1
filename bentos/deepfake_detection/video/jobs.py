"""The store of video jobs: its rows are the truth, messages to the workers are hints."""

from __future__ import annotations

from bentos.deepfake_detection.video.leases import Leases
from bentos.deepfake_detection.video.records import (
    Claim,
    JobRecord,
    NewJob,
    WebhookState,
    is_job_id,
    new_job_id,
)
from bentos.deepfake_detection.video.submissions import Submissions
from bentos.deepfake_detection.video.upkeep import Upkeep
from bentos.deepfake_detection.video.webhook_queue import WebhookQueue

__all__ = ["Claim", "JobRecord", "JobStore", "NewJob", "WebhookState", "is_job_id", "new_job_id"]


class JobStore(Submissions, Leases, Upkeep, WebhookQueue):
    """Jobs as callers, workers and the clock see them; safe from any number of threads and processes.

    Every method raises DependencyUnavailable where the database does not answer.
    """
