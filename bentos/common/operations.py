"""Routes that most services have: one image, and a batch of images, each with its own result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bentos.common import openapi
from bentos.common.answers import each, model_refs, success
from bentos.common.app import context_of
from bentos.common.composition import Parts
from bentos.common.context import Clock
from bentos.common.requests import read_fields
from bentos.contracts import BatchResult, FaceSelection, Success
from bentos.contracts.base import Message

Result = TypeVar("Result", bound=Message)
Options = TypeVar("Options", bound=FaceSelection)
Answer = Callable[[bytes, Options, Clock], Result]

UNPROCESSABLE = (422, "No face, or a face that cannot be judged")


def add_image_route(
    router: APIRouter,
    parts: Parts,
    path: str,
    options: type[Options],
    result: type[Result],
    answer: Answer[Options, Result],
    summary: str,
) -> None:
    """``POST path``: one image in the field ``image``."""
    models = model_refs(parts.cards)

    async def one(request: Request) -> Response:
        context = context_of(request)
        fields = await read_fields(request, ["image"], parts.settings.limits)
        image, chosen = fields.one("image"), fields.options(options)
        found = await parts.workers.run(answer, image, chosen, context.clock)
        return success(found, context, models)

    router.add_api_route(
        path,
        one,
        methods=["POST"],
        name=path.strip("/"),
        summary=summary,
        responses=openapi.responses(Success[result], UNPROCESSABLE),  # type: ignore[valid-type]
        openapi_extra=openapi.body(["image"], options),
    )


def add_batch_route(
    router: APIRouter,
    parts: Parts,
    options: type[Options],
    result: type[Result],
    answer: Answer[Options, Result],
) -> None:
    """``POST /batch``: 1 to 64 images in the repeated field ``images``."""
    models = model_refs(parts.cards)
    limits = parts.settings.limits

    async def many(request: Request) -> Response:
        context = context_of(request)
        fields = await read_fields(request, ["images"], limits)
        images = fields.many("images", limits.max_batch_images)
        chosen = fields.options(options)
        results = await each(images, lambda image: parts.workers.run(answer, image, chosen, context.clock))
        return success(results, context, models)

    router.add_api_route(
        "/batch",
        many,
        methods=["POST"],
        name="batch",
        summary="The same for 1 to 64 images, each with its own result or error",
        responses=openapi.responses(Success[BatchResult[result]]),  # type: ignore[valid-type]
        openapi_extra=openapi.body(["images"], options, many=True),
    )
