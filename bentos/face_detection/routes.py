"""Routes of the face detection service."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fastapi import APIRouter

from bentos.common.app import API
from bentos.common.composition import Parts
from bentos.common.context import Clock
from bentos.common.generations import Models
from bentos.common.operations import add_batch_route, add_image_route
from bentos.contracts import DetectOptions, DetectResult
from bentos.face_detection.pipeline import DetectPipeline


def create_routes(parts: Parts) -> APIRouter:
    """``/detect`` and ``/batch``."""
    router = APIRouter(prefix=API, tags=["face detection"])
    summary = "Faces in one image, best score first"
    add_image_route(router, parts, "/detect", DetectOptions, DetectResult, _answer, summary, _scores)
    add_batch_route(router, parts, DetectOptions, DetectResult, _answer, _scores)
    return router


def _answer(models: Models) -> Callable[[bytes, DetectOptions, Clock], DetectResult]:
    return DetectPipeline(models.perception).answer


def _scores(found: DetectResult) -> Iterator[tuple[str, float]]:
    return (("detection", face.score) for face in found.faces)
