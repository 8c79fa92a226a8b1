"""Routes of the deepfake detection service."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fastapi import APIRouter

from bentos.common.answering import Answering
from bentos.common.app import API
from bentos.common.composition import Parts
from bentos.common.context import Clock
from bentos.common.generations import Models
from bentos.common.operations import add_batch_route, add_image_route
from bentos.common.stopping import Stopping
from bentos.contracts import AnalyzeResult, FaceOptions, FaceSelection
from bentos.deepfake_detection.pipeline import AnalyzePipeline
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.assembly import Videos
from bentos.deepfake_detection.video.events import JobEvents
from bentos.deepfake_detection.video.metering import JobMetrics
from bentos.deepfake_detection.video.routes import add_events, add_jobs, add_videos


def create_routes(parts: Parts) -> APIRouter:
    """``/analyze``, ``/batch``, and videos with their jobs."""
    router = APIRouter(prefix=API, tags=["deepfake detection"])
    summary = "Whether a face of one image was forged"
    add_image_route(router, parts, "/analyze", FaceOptions, AnalyzeResult, _answer, summary, _scores)
    add_batch_route(router, parts, FaceSelection, AnalyzeResult, _answer, _scores)
    videos = Videos.of(parts.settings, VideoSettings())
    parts.lifecycle.add(start=videos.start, close=videos.close, pings={"database": videos.database.ping})
    parts.metrics.add(JobMetrics(videos.intake.store))
    answering = Answering(parts, videos.database)
    stopping = Stopping()
    add_videos(router, videos.intake, answering)
    add_jobs(router, videos.intake, answering, lambda: videos.cursors)
    add_events(router, videos.intake.store, JobEvents(stopping), stopping.watch)
    return router


def _answer(models: Models) -> Callable[[bytes, FaceSelection, Clock], AnalyzeResult]:
    return AnalyzePipeline(models.analysis, models.face_cards).answer


def _scores(found: AnalyzeResult) -> Iterator[tuple[str, float]]:
    return (("fake", face.score) for face in found.faces)
