"""Routes of the deepfake detection service."""

from __future__ import annotations

from fastapi import APIRouter

from bentos.common.app import API
from bentos.common.composition import Parts
from bentos.common.operations import add_batch_route, add_image_route
from bentos.contracts import AnalyzeResult, FaceOptions, FaceSelection
from bentos.deepfake_detection.pipeline import AnalyzePipeline


def create_routes(parts: Parts) -> APIRouter:
    """``/analyze`` and ``/batch``."""
    router = APIRouter(prefix=API, tags=["deepfake detection"])
    pipeline = AnalyzePipeline(parts.analysis, parts.face_cards)
    summary = "Whether a face of one image was forged"
    add_image_route(router, parts, "/analyze", FaceOptions, AnalyzeResult, pipeline.answer, summary)
    add_batch_route(router, parts, FaceSelection, AnalyzeResult, pipeline.answer)
    return router
