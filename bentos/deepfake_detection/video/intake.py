"""The use case: a video comes in and becomes a job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bentos.common.audit.caller import Caller
from bentos.contracts import JobDeleted, VideoOptions
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.jobs import JobStore, NewJob
from bentos.deepfake_detection.video.uploads import PartFile, Uploads

Probe = Callable[[Path, VideoSettings], VideoFacts]
"""Reads the header of a video, whatever its name; raises InvalidVideo."""
Allow = Callable[[str, VideoSettings], None]
"""Raises InvalidRequest unless a webhook may go to the address."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes videos in and lets go of them; its methods run in threads.

    Attributes:
        send: Tells the workers of a job; it may fail to, and raises nothing.
    """

    store: JobStore
    uploads: Uploads
    settings: VideoSettings
    probe: Probe
    allow: Allow
    send: Callable[[str], object]

    def require_room(self, caller: Caller, size: int, key: str | None) -> None:
        """Refuse a video before it is read.

        Args:
            caller: Whose it is.
            size: Its bytes, as far as the request says.
            key: Digest of the request's idempotency key; a repeat takes no room.

        Raises:
            RateLimited: The tenant has enough of them here.
            Overloaded: The disk has no room for it.
        """
        self.uploads.require_space(size, self.settings.min_free_bytes)
        if key is None or self.store.by_key(caller.tenant, key) is None:
            self.store.require_room(caller.tenant, size, self.settings)

    def begin(self, job_id: str) -> PartFile:
        """Where the video of a new job is written to; see ``Uploads.begin``."""
        settings = self.settings
        return self.uploads.begin(
            job_id, max_bytes=settings.max_bytes, min_free_bytes=settings.min_free_bytes
        )

    def accept(
        self, caller: Caller, job_id: str, part: PartFile, options: VideoOptions, key: str | None
    ) -> tuple[str, bool]:
        """Make a job of a video that is here; nothing of it stays where none is made.

        Returns:
            The job's id, and whether it was made now: an earlier request with the same key has made it else.

        Raises:
            InvalidRequest: A webhook that is not allowed.
            InvalidVideo: It is none, or larger than allowed.
            Conflict: The key was used for another video.
            RateLimited: As ``require_room``.
        """
        made = False
        try:
            if options.webhook_url is not None:
                self.allow(options.webhook_url, self.settings)
            facts = self.probe(part.path, self.settings)
            new = NewJob(job_id, options, part.size, part.sha256, facts)
            part.keep()  # before the job is there: a worker may begin at once
            job, made = self.store.create(caller, new, key, self.settings)
        finally:
            if not made:
                part.remove()
        if made:
            self.send(job.job_id)
        return job.job_id, made

    def drop(self, caller: Caller, job_id: str) -> JobDeleted:
        """Cancel or delete a job, its upload in any case.

        Raises:
            NotFound: The tenant has none of this id.
        """
        dropped = self.store.cancel_or_delete(caller, job_id)
        self.uploads.remove(job_id)
        return dropped
