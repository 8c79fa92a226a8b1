"""Puts the parts of a service together, in the process that runs them."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import cv2
from fastapi import APIRouter

from bentos import __version__
from bentos.common.app import API, ServiceParts, create_app
from bentos.common.auth import TokenVerifier
from bentos.common.batching import Batcher, ProcessBatcher, ServiceBatcher
from bentos.common.batching.service import Proxy
from bentos.common.cache import ResultCache
from bentos.common.errors import ConfigurationError
from bentos.common.generations import Generations, Open, Opening, See
from bentos.common.health import HealthMonitor
from bentos.common.keyvalue import KeyValue, open_key_value
from bentos.common.lifecycle import Lifecycle
from bentos.common.loading import LazyModel, open_model, parallelism_of
from bentos.common.logs import configure_logging
from bentos.common.metrics import Metrics
from bentos.common.middleware import Count
from bentos.common.model_set import SETS, Chosen, Sets, key_of, locate, model_set, store_of
from bentos.common.observing import AfterAnswer, Follower
from bentos.common.perception import Perception
from bentos.common.settings import Settings
from bentos.common.spec import ServiceSpec
from bentos.common.workers import PixelBudget, Workers
from models.catalogue.card import ModelCard
from models.processing.decode import ImageLimits
from models.runtime.batch import BatchModel

if TYPE_CHECKING:
    from bentos.common.usage import UsageRecorder

logger = logging.getLogger(__name__)

SWITCH_INTERVAL_S = 0.0005
"""Beyond capacity the event loop never sleeps: it refuses. A worker that comes back from a model then waits for
Python's lock up to this long, dozens of times a request; at the default of 5 ms that halved what is answered well."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes of a service are built with.

    Attributes:
        generations: The models; a request reads ``current`` once, and no route keeps what it read.
        observe: Is told of answers that were computed; None where nobody wants to know.
    """

    spec: ServiceSpec
    settings: Settings
    generations: Generations
    workers: Workers
    key_value: KeyValue
    cache: ResultCache
    lifecycle: Lifecycle
    metrics: Metrics
    observe: AfterAnswer | None = None


class RunningService:
    """A service in one process, from its start to its end.

    Args:
        spec: What it serves.
        settings: How.
        proxy: The inner service; None where batches form in this process.

    Raises:
        ConfigurationError: A setting is missing or wrong; the message names it.
    """

    def __init__(self, spec: ServiceSpec, settings: Settings, proxy: Proxy | None) -> None:
        configure_logging(settings.log_level)
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        cv2.setNumThreads(1)  # requests run side by side; threads inside one only get in each other's way
        metrics = Metrics(spec.name, settings.prometheus_multiproc_dir)
        self._workers = Workers(
            parallelism_of(settings).requests, settings.batch.max_age_ms / 1e3, metrics.waiting("workers")
        )
        open_batcher = _batchers(settings, metrics, proxy, lambda: self._workers.alone)
        generations = build_generations(spec, settings, open_batcher, metrics)
        key_value = open_key_value(settings.key_value)
        parts = build_parts(spec, settings, generations, self._workers, key_value, metrics)
        if settings.model_source == "mlflow":
            parts = _following(parts)
        routes = routes_of(spec, parts)
        self._generations = generations
        self._lifecycle = parts.lifecycle
        self._health = HealthMonitor(
            spec.name, __version__, lambda: generations.current.refs, self._lifecycle.probes
        )
        self._warming: asyncio.Task[None] | None = None
        self._usage = _recorder(spec, settings)
        service = ServiceParts(
            name=spec.name,
            title=spec.title,
            cards=lambda: generations.current.cards,
            health=self._health,
            metrics=metrics,
            verifier=TokenVerifier(settings.auth),
            max_body_bytes=settings.limits.max_body_bytes,
            max_in_flight=settings.limits.max_in_flight,
            admit=self._workers.admit,
            count=_counted(self._usage) if self._usage else None,
            body_limits=spec.body_limits,
        )
        self.application = create_app(service, routes)

    def begin(self) -> None:
        """Load the models in the background; until then the service says that it is not ready."""
        if self._usage is not None:
            self._usage.start()
        self._warming = asyncio.create_task(self._health.warm_up(self._start))

    async def end(self) -> None:
        """Answer what is queued and let go of threads and connections."""
        if self._warming is not None:
            self._warming.cancel()
        self._generations.close()
        await asyncio.to_thread(self._workers.close)
        await self._lifecycle.close()
        if self._usage is not None:
            await asyncio.to_thread(self._usage.close)

    async def _start(self) -> None:
        await self._generations.start()
        await self._lifecycle.start()
        self._generations.settle()
        gc.collect()
        gc.freeze()  # what is there now stays: the collector need not walk half a million objects again and again


def build_generations(
    spec: ServiceSpec, settings: Settings, open_batcher: Open, metrics: Metrics, sets: Sets = SETS
) -> Generations:
    """The models that the settings choose, not loaded yet, and what makes others.

    Raises:
        ModelUnavailable: The chosen set has none for a task.
    """
    store = store_of(settings)
    chosen = model_set(settings, sets, store)
    cards = {name: sets.cards(chosen, task) for name, task in spec.tasks.items()}
    opening = Opening(spec, open_batcher, _seeing(settings))
    first = opening.first(cards, lambda name: locate(cards[name], store))
    return Generations(opening, first, metrics)


def build_parts(
    spec: ServiceSpec,
    settings: Settings,
    generations: Generations,
    workers: Workers,
    key_value: KeyValue,
    metrics: Metrics,
) -> Parts:
    """The parts of a service around its models."""
    cache = ResultCache(key_value, settings.cache)
    lifecycle = Lifecycle()
    # A store of the own process is no dependency.
    pings = {} if settings.key_value.redis_url is None else {"redis": key_value.ping}
    lifecycle.add(close=key_value.close, pings=pings)
    return Parts(spec, settings, generations, workers, key_value, cache, lifecycle, metrics)


def routes_of(spec: ServiceSpec, parts: Parts) -> APIRouter:
    """The routes of a service."""
    router: APIRouter = _imported(spec.routes)(parts)
    return router


def _following(parts: Parts) -> Parts:
    """The same parts with a registry that says what is served; imported here, because few services follow one."""
    from bentos.common.registry import open_follower

    workers, generations = parts.workers, parts.generations
    follower: Follower = open_follower(
        parts.spec, parts.settings, generations, parts.metrics, busy=lambda: workers.expected_wait_s > 0
    )

    def begin() -> None:
        if not generations.settled:
            follower.first()
            generations.settle()
        follower.start()

    # Before what the routes add: what they keep rests on the models that were begun with.
    parts.lifecycle.add(start=begin, close=follower.close, pings={})
    return replace(parts, observe=follower.observe)


def _seeing(settings: Settings) -> See:
    """Perception around any detector; all of them share one bound on pixels in memory."""
    limits = ImageLimits(
        max_bytes=settings.limits.max_image_bytes, max_pixels=settings.limits.max_image_pixels
    )
    budget = PixelBudget(settings.max_pixels_in_memory)
    return lambda detector, card: Perception(detector, card, limits, budget)


def _imported(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


def _recorder(spec: ServiceSpec, settings: Settings) -> UsageRecorder | None:
    """What counts the service's requests; imported here, because a process of models alone needs no database.

    A service that keeps nothing itself counts where a database is set: SQLAlchemy costs each process 50 MB, which
    five services on one machine would rather have for pictures.
    """
    if spec.usage is None or (settings.database_url is None and not spec.keeps_state):
        return None
    from bentos.common.database import Database
    from bentos.common.usage import UsageRecorder

    try:
        return UsageRecorder(_imported(spec.usage), Database(settings.database))
    except ConfigurationError as error:
        logger.error("requests are not counted: %s", error.message)
        return None


def _counted(recorder: UsageRecorder) -> Count:
    """What the middleware tells of a request, as the recorder keeps it."""
    return lambda caller, route, status: recorder.count(caller.tenant, route.removeprefix(API), status >= 400)


def _batchers(settings: Settings, metrics: Metrics, proxy: Proxy | None, alone: Callable[[], bool]) -> Open:
    """What makes batchers, in this process or of an inner one; ``alone``: whether a run may have all cores."""
    batch = settings.batch.model_copy(update={"workers": parallelism_of(settings).workers})

    def in_process(name: str, cards: Sequence[ModelCard], find: Callable[[], Chosen]) -> Batcher:
        def load() -> BatchModel:
            return open_model(find(), settings, alone)

        return ProcessBatcher(LazyModel(cards, load, metrics), batch, metrics.waiting(name))

    def in_service(name: str, cards: Sequence[ModelCard], find: Callable[[], Chosen]) -> Batcher:
        assert proxy is not None
        return ServiceBatcher(proxy, name, key_of(cards), find, settings.batch)

    return in_process if proxy is None else in_service
