"""What workers and beat do, and what they need for it."""

from __future__ import annotations

import logging
import uuid
from functools import cached_property

from bentos.common.database import Database
from bentos.common.settings import Settings
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.housekeeping import Housekeeping
from bentos.deepfake_detection.video.jobs import JobStore
from bentos.deepfake_detection.video.sending import Sender
from bentos.deepfake_detection.video.supervision import Supervision
from bentos.deepfake_detection.video.upgrading import upgrade_apart
from bentos.deepfake_detection.video.uploads import Uploads
from bentos.deepfake_detection.video.webhooks import Webhooks

logger = logging.getLogger(__name__)


class Tasks:
    """The tasks of one process; what they need is opened when it is first used, so that no fork copies it."""

    def __init__(self, settings: Settings, video: VideoSettings) -> None:
        self._settings = settings
        self._video = video
        self._stopping = False

    def stop(self) -> None:
        """End what runs soon; its jobs are given back. Called by a signal's handler: it takes no lock."""
        self._stopping = True

    def analyse(self, job_id: str) -> None:
        """Make one attempt at a job, if it is free."""
        owner = uuid.uuid4().hex
        if self._stopping or self._store.claim(job_id, owner, self._video) is None:
            self._housekeeping.let_go(job_id)
            return
        ending = self._supervision.run(job_id, owner)
        if ending.crash is not None:
            status = self._store.give_back(
                job_id, owner, ending.crash, self._video, counts=not ending.stopped
            )
            logger.warning("job %s is %s: %s", job_id, status.value, ending.crash)
        self._housekeeping.let_go(job_id)

    def reap(self) -> None:
        """Send lost jobs again."""
        self._housekeeping.reap()

    def purge(self) -> None:
        """Remove what nobody needs any more."""
        self._housekeeping.purge()

    def tell(self) -> None:
        """Call the webhooks that are due."""
        self._webhooks.deliver()

    @cached_property
    def _store(self) -> JobStore:
        upgrade_apart()
        return JobStore(Database(self._settings.database))

    @cached_property
    def _housekeeping(self) -> Housekeeping:
        uploads = Uploads(self._video.uploads(self._settings))
        sender = Sender(self._settings, self._video)
        return Housekeeping(self._settings, self._video, self._store, uploads, sender)

    @cached_property
    def _supervision(self) -> Supervision:
        video = self._video
        return Supervision(video.job_limit_s, video.stall_limit_s, self._progress, lambda: self._stopping)

    @cached_property
    def _webhooks(self) -> Webhooks:
        return Webhooks(self._store, self._video)

    def _progress(self, job_id: str, owner: str) -> float | None:
        claim = self._store.held(job_id, owner)
        return None if claim is None else claim.progress
