"""Answers in the contract's envelope."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from starlette.responses import Response

from bentos.common.context import RequestContext
from bentos.common.errors import FaceSocialError
from bentos.common.http_errors import body_of
from bentos.contracts import BatchItem, BatchResult, Meta, ModelRef, Success
from bentos.contracts.base import Message
from models.catalogue.card import ModelCard

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
T = TypeVar("T", bound=Message)
PARALLEL = 16


def model_refs(cards: Sequence[ModelCard]) -> list[ModelRef]:
    """The models in the words of the contract."""
    return [ModelRef(task=card.task.value, name=card.name, version=card.version) for card in cards]


def success(
    data: Message,
    context: RequestContext,
    models: list[ModelRef],
    status: int = 200,
    *,
    cached: bool = False,
) -> Response:
    """``data`` with request id, models and timings; ``cached`` where all of it is remembered."""
    timings = context.clock.timings()
    meta = Meta(request_id=context.request_id, models=models, timings_ms=timings, cached=cached)
    body = Success[Message].model_construct(success=True, data=data, meta=meta)
    return Response(body.model_dump_json(serialize_as_any=True), status, media_type="application/json")


async def each(items: Sequence[Item], answer: Callable[[Item], Awaitable[T]]) -> BatchResult[T]:
    """Answer every item on its own: one that fails carries its error and disturbs no other."""
    gate = asyncio.Semaphore(PARALLEL)

    async def one(index: int, item: Item) -> BatchItem[T]:
        async with gate:
            try:
                return BatchItem(index=index, success=True, data=await answer(item))
            except FaceSocialError as error:
                return BatchItem(index=index, success=False, error=body_of(error))
            except Exception as error:
                logger.exception("item %d of a batch failed", index)
                return BatchItem(index=index, success=False, error=body_of(error))

    return BatchResult(results=list(await asyncio.gather(*(one(i, item) for i, item in enumerate(items)))))
