"""Videos, judged as jobs."""

from __future__ import annotations

from typing import BinaryIO

from bentos.contracts import JobAccepted, JobDeleted, JobInfo, JobListOptions, JobPage, Success, VideoOptions
from workbench.calls.call import DEEPFAKE, LONG_S, Call, form_fields, new_key, segment


def submit_video(
    video: bytes | BinaryIO, options: VideoOptions | None = None, *, key: str | None = None
) -> Call[Success[JobAccepted]]:
    """A video (MP4, MOV, AVI, WebM, MKV; up to 500 MB) as a job; ``job`` tells how it gets on."""
    return Call(
        DEEPFAKE,
        "POST",
        "videos",
        Success[JobAccepted].model_validate_json,
        files=[("video", video)],
        fields=form_fields(options or VideoOptions()),
        key=new_key(key),
        repeatable=isinstance(video, bytes) or video.seekable(),
        timeout_s=LONG_S,
    )


def job(job_id: str) -> Call[Success[JobInfo]]:
    """How a job is, and what it found once it is over."""
    return Call(DEEPFAKE, "GET", f"jobs/{segment(job_id)}", Success[JobInfo].model_validate_json)


def jobs(options: JobListOptions | None = None) -> Call[Success[JobPage]]:
    """Jobs, the latest first, without their results."""
    query = form_fields(options or JobListOptions())
    return Call(DEEPFAKE, "GET", "jobs", Success[JobPage].model_validate_json, query=query)


def delete_job(job_id: str, *, key: str | None = None) -> Call[Success[JobDeleted]]:
    """Cancel a job that waits or runs, delete one that is over; its upload goes in any case."""
    read = Success[JobDeleted].model_validate_json
    return Call(DEEPFAKE, "DELETE", f"jobs/{segment(job_id)}", read, key=new_key(key))
