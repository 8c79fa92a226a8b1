"""Routes of the antispoofing service."""

from __future__ import annotations

from fastapi import APIRouter

from bentos.antispoofing.pipeline import CheckPipeline
from bentos.common.app import API
from bentos.common.composition import Parts
from bentos.common.operations import add_batch_route, add_image_route
from bentos.contracts import CheckBatchOptions, CheckOptions, CheckResult


def create_routes(parts: Parts) -> APIRouter:
    """``/check`` and ``/batch``."""
    router = APIRouter(prefix=API, tags=["antispoofing"])
    pipeline = CheckPipeline(parts.analysis, parts.face_cards)
    summary = "Whether each face is a living person's before the camera"
    add_image_route(router, parts, "/check", CheckOptions, CheckResult, pipeline.answer, summary)
    add_batch_route(router, parts, CheckBatchOptions, CheckResult, pipeline.answer)
    return router
