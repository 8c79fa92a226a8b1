"""The process that analyses one video: ``python -m bentos.deepfake_detection.video.analyse JOB OWNER``.

It decodes what strangers sent, so it is a process of its own with limits, which gives everything back at its end. It
ends by itself when its standard input ends or its job is another's. Its exit codes are ``supervision.ExitCode``.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Sequence

from bentos.common.database import Database
from bentos.common.errors import RequestError
from bentos.common.http_errors import body_of
from bentos.common.logs import configure_logging
from bentos.common.settings import Settings
from bentos.contracts import VideoResult
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.attempt import Attempt
from bentos.deepfake_detection.video.confinement import confine, end_with_parent
from bentos.deepfake_detection.video.heartbeat import Heartbeat
from bentos.deepfake_detection.video.jobs import Claim, JobStore
from bentos.deepfake_detection.video.opening import open_analysis
from bentos.deepfake_detection.video.steps import Steps
from bentos.deepfake_detection.video.supervision import ExitCode
from bentos.deepfake_detection.video.uploads import Uploads
from models.errors import FaceError
from models.runtime.session import CPU, available

logger = logging.getLogger("bentos.deepfake_detection.video.analyse")  # its __name__ is __main__


def main(arguments: Sequence[str] | None = None) -> int:
    """Analyse a job that its owner has claimed."""
    job_id, owner = sys.argv[1:] if arguments is None else arguments
    end_with_parent(_leave)
    settings, video = Settings(), VideoSettings()
    configure_logging(settings.log_level)
    confine(video.job_memory_bytes, reserves_addresses=available(settings.session.providers)[0] != CPU)
    store = JobStore(Database(settings.database))
    claim = store.held(job_id, owner)
    if claim is None:
        return ExitCode.LOST
    return _Run(settings, video, store, claim, owner).run()


class _Run:
    """A claimed job, until its end is written."""

    def __init__(
        self, settings: Settings, video: VideoSettings, store: JobStore, claim: Claim, owner: str
    ) -> None:
        self._settings = settings
        self._video = video
        self._store = store
        self._claim = claim
        self._owner = owner
        self._heartbeat = Heartbeat(self._renew, video.lease_s, _leave)
        self._heartbeat.progress = claim.progress

    def run(self) -> ExitCode:
        """Analyse, and write the result or the video's own fault; anything else is raised, as a crash."""
        self._heartbeat.start()
        try:
            result = self._result()
        except (RequestError, FaceError) as error:
            return self._failed(error)
        self._heartbeat.stop()
        job = self._claim.job_id
        kept = result is not None and self._store.finish(job, self._owner, result)
        return ExitCode.DONE if kept else ExitCode.LOST

    def _result(self) -> VideoResult | None:
        steps, started = Steps(), time.perf_counter()
        with steps.step("open"):
            analysis = open_analysis(self._settings, steps)
        job = self._claim.job_id
        result = self._attempt().run(analysis, self._store.chunks(job))
        if result is not None:
            seconds = time.perf_counter() - started
            frames = result.frames_analyzed
            logger.info("job %s: %d frames in %.2f s: %s", job, frames, seconds, steps.line())
        return result

    def _attempt(self) -> Attempt:
        path = Uploads(self._video.uploads(self._settings)).path(self._claim.upload)
        return Attempt(self._claim, path, self._video.chunk_s, self._save, self._note)

    def _failed(self, error: RequestError | FaceError) -> ExitCode:
        self._heartbeat.stop()
        body, job = body_of(error), self._claim.job_id
        logger.info("job %s failed: %s", job, body.message)
        written = self._store.fail(job, self._owner, body.code.value, body.message)
        return ExitCode.FAULT if written else ExitCode.LOST

    def _renew(self, progress: float) -> bool:
        return self._store.renew(self._claim.job_id, self._owner, self._video.lease_s, progress)

    def _save(self, number: int, payload: bytes) -> bool:
        return self._store.save_chunk(self._claim.job_id, self._owner, number, payload)

    def _note(self, progress: float) -> None:
        self._heartbeat.progress = progress


def _leave() -> None:
    """At once, from any thread: whatever this process could still write would be refused."""
    os._exit(ExitCode.LOST)


if __name__ == "__main__":
    sys.exit(main())
