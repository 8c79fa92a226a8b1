"""A video job from its upload to its end; the job and its result are deleted."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from deploy.scripts.trials.caller import Caller, TrialFailed

SERVICE = "deepfake-detection-service"
POLL_S = 1.0


def analysed(caller: Caller, file: Path, limit_s: float) -> str:
    """Upload a video, wait for its verdict, delete the job.

    Args:
        caller: With a token.
        file: A short video.
        limit_s: Seconds to wait for the verdict.

    Raises:
        TrialFailed: It was refused, failed, or took longer.
    """
    with file.open("rb") as opened:
        accepted = caller.data("POST", SERVICE, "videos", status=202, files={"video": opened})
    path = f"jobs/{accepted['job_id']}"
    try:
        return _verdict(caller, path, time.monotonic() + limit_s)
    finally:
        _delete(caller, path)


def _verdict(caller: Caller, path: str, limit: float) -> str:
    while True:
        job = caller.data("GET", SERVICE, path)
        if job["status"] == "succeeded":
            return f"{job['result']['frames_analyzed']} frames"
        if job["status"] in ("failed", "cancelled"):
            raise TrialFailed(f"the job ended as {job['status']}: {job.get('error')}")
        if time.monotonic() > limit:
            raise TrialFailed(f"the job is still {job['status']}: does a video worker run?")
        time.sleep(POLL_S)


def _delete(caller: Caller, path: str) -> None:
    """Deleting a job that waits or runs cancels it first; one more deletes it."""
    for _ in range(2):
        with suppress(TrialFailed):
            caller.data("DELETE", SERVICE, path)
