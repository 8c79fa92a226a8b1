"""What is done about videos by the clock: lost jobs are sent again, and nothing stays on the disk that nobody needs."""

from __future__ import annotations

import logging

from bentos.common.settings import Settings
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.celery_app import broker_folder
from bentos.deepfake_detection.video.folder_broker import tidy
from bentos.deepfake_detection.video.jobs import JobStore
from bentos.deepfake_detection.video.sending import Sender
from bentos.deepfake_detection.video.uploads import Uploads

logger = logging.getLogger(__name__)

QUEUED_FOR_S = 5.0
"""A job that is not claimed so long after it was sent is sent again; also the pause between two attempts."""
ORPHAN_S = 3600.0
"""Longer than any upload takes to get its job."""
TAKEN_S = 60.0


class Housekeeping:
    """Reaping and purging; any number of processes may do it at once."""

    def __init__(
        self, settings: Settings, video: VideoSettings, store: JobStore, uploads: Uploads, sender: Sender
    ) -> None:
        self._broker = broker_folder(settings)
        self._video = video
        self._store = store
        self._uploads = uploads
        self._sender = sender

    def reap(self) -> int:
        """Send again what was lost; how many jobs.

        Raises:
            DependencyUnavailable: The database or the broker does not answer.
        """
        lost = self._store.lost(QUEUED_FOR_S, messages_wait=self._sender.waiting() > 0)
        for job_id in lost:
            self._sender.send(job_id)
        if lost:
            logger.info("%d jobs are sent to the workers again", len(lost))
        return len(lost)

    def purge(self) -> None:
        """Remove expired jobs, uploads that no job needs, and messages that were taken.

        Raises:
            DependencyUnavailable: The database does not answer.
        """
        while expired := self._store.expired(self._video.retention_s):
            for job_id in expired:
                self._uploads.remove(job_id)  # before its row, which would be the last to know of it
            self._store.remove(expired)
            logger.info("%d jobs were over for long enough and are removed", len(expired))
        in_use = self._store.uploads_in_use()
        needless = self._store.done_with(self._uploads.orphans(in_use, 0.0))
        for job_id in {*needless, *self._uploads.orphans(in_use, ORPHAN_S)}:
            self._uploads.remove(job_id)
        tidy(self._broker, TAKEN_S)

    def let_go(self, job_id: str) -> None:
        """Remove a job's upload unless it has to stay.

        Raises:
            DependencyUnavailable: The database does not answer.
        """
        if job_id not in self._store.uploads_in_use():
            self._uploads.remove(job_id)
