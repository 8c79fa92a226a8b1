"""Routes of the antispoofing service."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fastapi import APIRouter

from bentos.antispoofing.pipeline import CheckPipeline
from bentos.common.app import API
from bentos.common.composition import Parts
from bentos.common.context import Clock
from bentos.common.generations import Models
from bentos.common.operations import add_batch_route, add_image_route
from bentos.contracts import CheckBatchOptions, CheckOptions, CheckResult


def create_routes(parts: Parts) -> APIRouter:
    """``/check`` and ``/batch``."""
    router = APIRouter(prefix=API, tags=["antispoofing"])
    summary = "Whether each face is a living person's before the camera"
    add_image_route(router, parts, "/check", CheckOptions, CheckResult, _answer, summary, _scores)
    add_batch_route(router, parts, CheckBatchOptions, CheckResult, _answer, _scores)
    return router


def _answer(models: Models) -> Callable[[bytes, CheckOptions | CheckBatchOptions, Clock], CheckResult]:
    return CheckPipeline(models.analysis, models.face_cards).answer


def _scores(found: CheckResult) -> Iterator[tuple[str, float]]:
    return (("live", face.score) for face in found.faces)
