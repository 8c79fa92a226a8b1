"""Routes that embed and compare."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bentos.common import openapi
from bentos.common.answers import success
from bentos.common.app import context_of, principal_of
from bentos.common.composition import Parts
from bentos.common.context import Clock
from bentos.common.generations import Models
from bentos.common.operations import UNPROCESSABLE, add_batch_route, add_image_route
from bentos.common.rate_limit import RateLimit
from bentos.common.requests import read_fields
from bentos.contracts import EmbedResult, FaceOptions, FaceSelection, Success, VerifyOptions, VerifyResult
from bentos.face_recognition.pipeline import EmbedPipeline, VerifyPipeline

PAIR = ("image_a", "image_b")
SIMILARITY = "similarity"
"""A score of two faces that were compared, and of a face and the one in a gallery that it is most like."""


def add_embedding(router: APIRouter, parts: Parts) -> None:
    """``/embed`` and ``/batch``."""
    summary = "The embedding of each face"
    add_image_route(router, parts, "/embed", FaceOptions, EmbedResult, _embed, summary)
    add_batch_route(router, parts, FaceSelection, EmbedResult, _embed)


def add_verification(router: APIRouter, parts: Parts) -> None:
    """``/verify``."""
    limit = RateLimit(parts.key_value, parts.settings.verify_per_minute, "verify")

    @router.post(
        "/verify",
        summary="Whether two images show one person",
        responses=openapi.responses(Success[VerifyResult], UNPROCESSABLE),
        openapi_extra=openapi.body(PAIR, VerifyOptions),
    )
    async def verify(request: Request) -> Response:
        context = context_of(request)
        fields = await read_fields(request, PAIR, parts.settings.limits)
        options, models = fields.options(VerifyOptions), parts.generations.current
        pipeline = models.made(_verify)
        if parts.settings.verify_per_minute:
            caller = principal_of(request)
            await parts.workers.run(limit.check, caller.tenant, caller.subject)
        a, b = await asyncio.gather(
            *(
                parts.workers.run(pipeline.only_face, name, fields.one(name), options, given, context.clock)
                for name, given in zip(PAIR, (options.faces_a, options.faces_b), strict=True)
            )
        )
        found = pipeline.compare(a, b, options)
        parts.metrics.scored(models.cards[0], [(SIMILARITY, found.similarity)])
        return success(found, context, models.refs)


def _embed(models: Models) -> Callable[[bytes, FaceSelection, Clock], EmbedResult]:
    return EmbedPipeline(models.analysis, models.face_cards).answer


def _verify(models: Models) -> VerifyPipeline:
    return VerifyPipeline(models.analysis, models.face_cards)
