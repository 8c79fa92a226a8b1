"""Routes of the face detection service."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bentos.common import openapi
from bentos.common.answers import each, model_refs, success
from bentos.common.app import API, context_of
from bentos.common.composition import Parts
from bentos.common.context import Clock
from bentos.common.requests import read_fields
from bentos.contracts import BatchResult, DetectOptions, DetectResult, Success
from bentos.face_detection.pipeline import detect


def create_routes(parts: Parts) -> APIRouter:
    """``/detect`` and ``/batch``."""
    router = APIRouter(prefix=API, tags=["face detection"])
    limits = parts.settings.limits
    models = model_refs(parts.cards)

    async def answer(image: bytes, options: DetectOptions, clock: Clock) -> DetectResult:
        return await detect(parts.perception, image, options, clock)

    @router.post(
        "/detect",
        responses=openapi.responses(Success[DetectResult]),
        openapi_extra=openapi.body(["image"], DetectOptions),
        summary="Faces in one image, best score first",
    )
    async def detect_one(request: Request) -> Response:
        context = context_of(request)
        fields = await read_fields(request, ["image"], limits)
        result = await answer(fields.one("image"), fields.options(DetectOptions), context.clock)
        return success(result, context, models)

    @router.post(
        "/batch",
        responses=openapi.responses(Success[BatchResult[DetectResult]]),
        openapi_extra=openapi.body(["images"], DetectOptions, many=True),
        summary="The same for 1 to 64 images, each with its own result or error",
    )
    async def detect_batch(request: Request) -> Response:
        context = context_of(request)
        fields = await read_fields(request, ["images"], limits)
        images = fields.many("images", limits.max_batch_images)
        options = fields.options(DetectOptions)
        results = await each(images, lambda image: answer(image, options, context.clock))
        return success(results, context, models)

    return router
