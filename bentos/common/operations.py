"""Routes that most services have: one image, and a batch of images, each with its own result."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from bentos.common import openapi
from bentos.common.answers import each, success
from bentos.common.app import context_of
from bentos.common.composition import Parts
from bentos.common.context import Clock, RequestContext
from bentos.common.generations import Models
from bentos.common.requests import read_fields
from bentos.common.trial import trial_of
from bentos.contracts import BatchResult, FaceSelection, Success
from bentos.contracts.base import Message

logger = logging.getLogger(__name__)

Result = TypeVar("Result", bound=Message)
Options = TypeVar("Options", bound=FaceSelection)
Answer = Callable[[bytes, Options, Clock], Result]
Make = Callable[[Models], Answer[Options, Result]]
"""Makes an operation of a generation of models; called once for each."""
Scores = Callable[[Result], Iterable[tuple[str, float]]]
"""What the main model said, as an answer has it: names of the service's ``scores``, and numbers in [0, 1]."""
Recall = Callable[[Models, bytes, Options, RequestContext], tuple[Result, bool]]

UNPROCESSABLE = (422, "No face, or a face that cannot be judged")


def add_image_route(
    router: APIRouter,
    parts: Parts,
    path: str,
    options: type[Options],
    result: type[Result],
    make: Make[Options, Result],
    summary: str,
    scores: Scores[Result] | None = None,
) -> None:
    """``POST path``: one image in the field ``image``; ``scores`` are counted for each answer that is computed."""
    recall = _recalling(parts, path, result, make, scores)
    generations = parts.generations
    generations.add_trial(trial_of(make, options, result))

    async def one(request: Request) -> Response:
        context = context_of(request)
        fields = await read_fields(request, ["image"], parts.settings.limits)
        image, chosen, models = fields.one("image"), fields.options(options), generations.current
        found, cached = await parts.workers.run(recall, models, image, chosen, context)
        return success(found, context, models.refs, cached=cached)

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
    make: Make[Options, Result],
    scores: Scores[Result] | None = None,
) -> None:
    """``POST /batch``: 1 to 64 images in the repeated field ``images``."""
    recall = _recalling(parts, "/batch", result, make, scores)
    limits = parts.settings.limits

    async def many(request: Request) -> Response:
        context = context_of(request)
        fields = await read_fields(request, ["images"], limits)
        images = fields.many("images", limits.max_batch_images)
        chosen, models = fields.options(options), parts.generations.current
        remembered: list[bool] = []

        def one(image: bytes) -> Result:
            found, cached = recall(models, image, chosen, context)
            remembered.append(cached)
            return found

        results = await each(images, lambda image: parts.workers.run(one, image))
        return success(results, context, models.refs, cached=remembered.count(True) == len(images))

    router.add_api_route(
        "/batch",
        many,
        methods=["POST"],
        name="batch",
        summary="The same for 1 to 64 images, each with its own result or error",
        responses=openapi.responses(Success[BatchResult[result]]),  # type: ignore[valid-type]
        openapi_extra=openapi.body(["images"], options, many=True),
    )


def _recalling(
    parts: Parts,
    path: str,
    result: type[Result],
    make: Make[Options, Result],
    scores: Scores[Result] | None,
) -> Recall[Options, Result]:
    """An answer, and whether it is remembered: models are asked for what is not. No failure is remembered."""
    cache, operation, observe = parts.cache, parts.spec.name + path, parts.observe

    def compute(
        models: Models, image: bytes, options: Options, context: RequestContext
    ) -> tuple[Result, bool]:
        found = models.made(make)(image, options, context.clock)
        if scores is not None:
            parts.metrics.scored(models.cards[0], scores(found))
        if observe is not None:
            try:
                observe(make, image, options, found, models)
            except Exception:
                logger.exception("an answer was not looked at")
        return found, False

    def recall(
        models: Models, image: bytes, options: Options, context: RequestContext
    ) -> tuple[Result, bool]:
        assert context.principal is not None  # the middleware lets nobody through without one
        key = cache.key(context.principal.tenant, operation, image, models.keys, options)
        with suppress(ValidationError):  # not an answer as it is given here: computed anew
            if (body := cache.get(key)) is not None:
                return result.model_validate_json(body), True
        found, _ = compute(models, image, options, context)
        cache.put(key, found.model_dump_json(serialize_as_any=True).encode())
        return found, False

    return recall if cache.on else compute
