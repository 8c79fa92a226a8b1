"""Jobs of videos without videos: what a store is given, a clock that stands, and calls at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import func, select

from bentos.common.audit.caller import Caller
from bentos.common.audit.tables import AuditEvent
from bentos.common.database import Database
from bentos.contracts import Moment, TimelinePoint, VideoOptions, VideoResult, VideoTrack
from bentos.deepfake_detection.tables import VideoChunk, VideoJob
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.jobs import NewJob, new_job_id

T = TypeVar("T")

ACME = Caller("acme", "ada", "operator", "request-1")
OTHER = Caller("other", "bob", "operator", "request-2")
SHA256 = "ab" * 32
FACTS = VideoFacts(
    container="mp4", codec="h264", width=640, height=480, duration_s=12.5, frame_rate=25.0, rotation=90
)
RESULT = VideoResult(
    fake=True,
    score=0.75,
    duration_s=12.5,
    frames_analyzed=25,
    sample_fps=2.0,
    timeline=[TimelinePoint(time_s=0.5, score=0.75, faces=1)],
    tracks=[VideoTrack(track_id=1, start_s=0.0, end_s=12.0, score=0.75, faces=24)],
    moments=[Moment(time_s=0.5, track_id=1, score=0.75, thumbnail="c2VjcmV0")],
)


class Hand:
    """A clock that goes where it is put."""

    def __init__(self) -> None:
        self.at = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def new_job(*, size: int = 1000, sha256: str = SHA256, **options: Any) -> NewJob:
    """A video that was uploaded and probed."""
    return NewJob(new_job_id(), VideoOptions(**options), size, sha256, FACTS)


def at_once(calls: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """What each call returned or raised; all begin at the same moment, in threads."""
    together = threading.Barrier(len(calls), timeout=60)

    def one(call: Callable[[], T]) -> T | Exception:
        together.wait()
        try:
            return call()
        except Exception as fault:
            return fault

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


class Events:
    """The audit chain."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, tenant: str) -> Sequence[AuditEvent]:
        query = select(AuditEvent).where(AuditEvent.tenant == tenant).order_by(AuditEvent.seq)
        with self._database.read() as session:
            return session.scalars(query).all()

    def actions(self, tenant: str) -> list[str]:
        return [event.action for event in self.of(tenant)]


def rows(database: Database, table: type[VideoJob] | type[VideoChunk]) -> int:
    """How many there are."""
    with database.read() as session:
        return session.scalars(select(func.count()).select_from(table)).one()
