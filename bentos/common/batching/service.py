"""Batching in an inner BentoML service: one process holds the model for all HTTP workers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Protocol

import aiohttp
import bentoml
from bentoml.exceptions import BentoMLException, ServiceUnavailable

from bentos.common.batching.base import predict_each
from bentos.common.errors import DependencyUnavailable, InferenceFailed
from bentos.common.settings import BatchSettings
from models.errors import FaceSocialError, Overloaded
from models.runtime.batch import BatchModel
from models.runtime.session import Floats, Pixels

logger = logging.getLogger(__name__)

ATTEMPTS = 3
START_TIMEOUT_S = 120.0

# BentoML's client closes its connections after 100 requests or 300 seconds, the ones that carry other
# requests at that moment too: those fail with ServerDisconnectedError. There is no "never".
NEVER_REPLACED = {"max_requests": 2**31 - 1, "max_age": 1e9}


class Proxy(Protocol):
    """The inner service as BentoML hands it to the outer one."""

    @property
    def to_async(self) -> Any: ...


def model_service(name: str, models: Mapping[str, BatchModel], settings: BatchSettings) -> Any:
    """An inner BentoML service with one batched method for each model, named as in ``models``.

    Args:
        name: The inner service's name; unique in a deployment.
        models: By method; loaded in the inner process alone, by ``warm_up``.
        settings: Size and age of a batch.
    """

    def __init__(self: object) -> None:  # noqa: N807
        _try_to_load(models)

    def __is_ready__(self: object) -> bool:  # noqa: N807
        return _try_to_load(models)

    namespace: dict[str, Any] = {"__init__": __init__, "__is_ready__": __is_ready__}
    for method, model in models.items():
        namespace[method] = _batched(method, model, settings)
    return bentoml.service(
        type("ModelService", (), namespace),
        name=name,
        workers=1,
        metrics={"enabled": False},
        logging={"access": {"enabled": False}},
        tracing={"excluded_urls": ".*"},
        runner_connection=NEVER_REPLACED,
    )


def _batched(method: str, model: BatchModel, settings: BatchSettings) -> Any:
    def predict(self: object, items: list[Any]) -> list[Any]:
        return predict_each(model, items)

    predict.__name__ = method
    return bentoml.api(
        predict,
        batchable=True,
        max_batch_size=settings.max_size,
        # BentoML drops a request that waited longer than this: a bound on the queue, not a target.
        max_latency_ms=int(settings.max_age_ms),
    )


def _try_to_load(models: Mapping[str, BatchModel]) -> bool:
    try:
        for model in models.values():
            model.warm_up()
    except FaceSocialError as error:
        logger.error("the model's process is not ready: %s", error.message)
        return False
    return True


class ServiceBatcher:
    """Sends each item to the inner service, which forms the batches."""

    def __init__(self, proxy: Proxy, method: str, settings: BatchSettings) -> None:
        self._proxy = proxy
        self._method = method
        self._settings = settings
        self._waiting = 0

    async def start(self) -> None:
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
        while asyncio.get_running_loop().time() < deadline:
            try:
                if await self._proxy.to_async.is_ready(timeout=5):
                    return
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            await asyncio.sleep(0.2)
        raise DependencyUnavailable(f"The model's process was not ready within {START_TIMEOUT_S:.0f} s.")

    async def submit(self, item: Pixels) -> Floats:
        if self._waiting >= self._settings.max_queue:
            raise Overloaded(
                f"{self._waiting} pictures are waiting for the model already; try again in a moment."
            )
        self._waiting += 1
        try:
            answer = await self._call(item)
        finally:
            self._waiting -= 1
        if answer is None:
            raise InferenceFailed("The model failed on this picture.")
        return answer

    async def close(self) -> None:
        """BentoML owns the connection and closes it."""

    async def _call(self, item: Pixels) -> Floats | None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answers: list[Floats | None] = await getattr(self._proxy.to_async, self._method)([item])
                return answers[0]
            except ServiceUnavailable as error:
                raise Overloaded("The model's queue is full; try again in a moment.") from error
            except (aiohttp.ClientError, OSError) as error:  # inference is idempotent: asking again is safe
                logger.warning(
                    "the model's process did not answer (attempt %d of %d): %r", attempt, ATTEMPTS, error
                )
            except BentoMLException as error:
                raise DependencyUnavailable(f"The model's process failed: {error}.") from error
        raise DependencyUnavailable("The model's process does not answer.")
