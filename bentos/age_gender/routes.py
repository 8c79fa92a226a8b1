"""Routes of the age and gender service."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fastapi import APIRouter

from bentos.age_gender.pipeline import EstimatePipeline
from bentos.common.app import API
from bentos.common.composition import Parts
from bentos.common.context import Clock
from bentos.common.generations import Models
from bentos.common.operations import add_batch_route, add_image_route
from bentos.contracts import EstimateResult, FaceOptions, FaceSelection

HUNDRED_YEARS = 100.0


def create_routes(parts: Parts) -> APIRouter:
    """``/estimate`` and ``/batch``."""
    router = APIRouter(prefix=API, tags=["age and gender"])
    summary = "Age and gender of each face, as estimated from looks"
    add_image_route(router, parts, "/estimate", FaceOptions, EstimateResult, _answer, summary, _scores)
    add_batch_route(router, parts, FaceSelection, EstimateResult, _answer, _scores)
    return router


def _answer(models: Models) -> Callable[[bytes, FaceSelection, Clock], EstimateResult]:
    return EstimatePipeline(models.analysis, models.face_cards).answer


def _scores(found: EstimateResult) -> Iterator[tuple[str, float]]:
    for face in found.faces:
        yield "age", face.age / HUNDRED_YEARS
        likely = face.gender.confidence
        yield "female", likely if face.gender.label == "female" else 1 - likely
