"""Videos: jobs, their progress, and the timeline that explains a verdict."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bentos.contracts.base import Message

MIN_FPS, MAX_FPS = 0.1, 10.0
MAX_URL = 2000


class JobStatus(StrEnum):
    """How far a job is; the last three are its end."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing will happen to the job any more."""
        return self in (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED)


class VideoOptions(BaseModel):
    """Options of ``POST /videos``."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    sample_fps: Annotated[
        float, Field(ge=MIN_FPS, le=MAX_FPS, description="Frames a second that are looked at.")
    ] = 2.0
    webhook_url: Annotated[
        str | None, Field(max_length=MAX_URL, description="Told of the job's end, where the host is allowed.")
    ] = None
    keep_upload: Annotated[bool, Field(description="Keep the video until the job is deleted or expires.")] = (
        False
    )
    keep_thumbnails: Annotated[
        bool, Field(description="Put small pictures of the most suspicious faces into the result.")
    ] = False


class JobListOptions(BaseModel):
    """Options of ``GET /jobs``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: str | None = None
    status: JobStatus | None = None


class JobAccepted(Message):
    """``POST /videos``: the video is here and waits for its turn."""

    job_id: str
    status: Literal[JobStatus.QUEUED] = JobStatus.QUEUED


class TimelinePoint(Message):
    """One frame that was looked at: its most suspicious face (0 without one) and how many there are."""

    time_s: float
    score: float
    faces: int


class VideoTrack(Message):
    """One face through the frames in which it was followed; ``score`` is that of its worst moments together."""

    track_id: int
    start_s: float
    end_s: float
    score: float
    faces: int


class Moment(Message):
    """Where a track looks worst; ``thumbnail`` is a JPEG in base64, only if the request asked for it."""

    time_s: float
    track_id: int
    score: float
    thumbnail: str | None = None


class VideoResult(Message):
    """What an analysis found."""

    fake: bool
    score: float
    duration_s: float
    frames_analyzed: int
    sample_fps: float
    timeline: list[TimelinePoint]
    tracks: list[VideoTrack]
    moments: list[Moment]


class JobFault(Message):
    """Why a job failed: a code of the contract and a sentence."""

    code: str
    message: str


class JobInfo(Message):
    """``GET /jobs/{id}``."""

    job_id: str
    status: JobStatus
    progress: Annotated[float, Field(ge=0, le=1)]
    result: VideoResult | None = None
    error: JobFault | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempts: int = 0
    upload_kept: bool = False


class JobPage(Message):
    """``GET /jobs``, the latest first; without results."""

    jobs: list[JobInfo]
    next_cursor: str | None = None


class JobDeleted(Message):
    """``DELETE /jobs/{id}``: what ran or waited is cancelled, what was over is gone; the upload in any case."""

    job_id: str
    status: Literal["cancelled", "deleted"]
