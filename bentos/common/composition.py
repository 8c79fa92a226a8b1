"""Puts the parts of a service together, in the process that runs them."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import cv2
from fastapi import APIRouter

from bentos import __version__
from bentos.common.app import API, ServiceParts, create_app
from bentos.common.auth import TokenVerifier
from bentos.common.batching import Batcher, ProcessBatcher, ServiceBatcher
from bentos.common.batching.base import predict_each
from bentos.common.batching.service import Proxy
from bentos.common.cache import ResultCache
from bentos.common.errors import ConfigurationError
from bentos.common.face_analysis import FaceAnalysis
from bentos.common.health import HealthMonitor
from bentos.common.keyvalue import KeyValue, open_key_value
from bentos.common.lifecycle import Lifecycle
from bentos.common.loading import LazyModel, open_model, parallelism_of, store_of
from bentos.common.logs import configure_logging
from bentos.common.metrics import Metrics
from bentos.common.middleware import Count
from bentos.common.perception import Perception
from bentos.common.settings import Settings
from bentos.common.spec import DETECTOR, FACES, ServiceSpec, default_cards
from bentos.common.workers import PixelBudget, Workers
from models.catalogue.card import ModelCard, Task
from models.errors import FaceSocialError
from models.processing.decode import ImageLimits
from models.runtime.session import Floats, Pixels

if TYPE_CHECKING:
    from bentos.common.usage import UsageRecorder

logger = logging.getLogger(__name__)

SWITCH_INTERVAL_S = 0.0005
"""Beyond capacity the event loop never sleeps: it refuses. A worker that comes back from a model then waits for
Python's lock up to this long, dozens of times a request; at the default of 5 ms that halved what is answered well."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes of a service are built with."""

    spec: ServiceSpec
    settings: Settings
    perception: Perception
    batchers: Mapping[str, Batcher]
    workers: Workers
    key_value: KeyValue
    cache: ResultCache
    lifecycle: Lifecycle
    metrics: Metrics

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """All cards of the service, the main one first."""
        return self.spec.cards

    @property
    def face_cards(self) -> tuple[ModelCard, ...]:
        """The cards of the service's own model."""
        return default_cards(self.spec.tasks[FACES])

    @property
    def analysis(self) -> FaceAnalysis:
        """The service's own model on the faces of a picture."""
        return FaceAnalysis(self.perception, self.batchers[FACES], self.face_cards)


class LoadedModels:
    """The models of a service in the inner process that holds them."""

    def __init__(self, spec: ServiceSpec, settings: Settings) -> None:
        configure_logging(settings.log_level)
        metrics = Metrics(spec.name, settings.prometheus_multiproc_dir)
        self._models = lazy_models(spec, settings, metrics, alone=lambda: True)

    def try_to_load(self) -> bool:
        """Whether all models are loaded; a new try where one was not."""
        try:
            for model in self._models.values():
                model.warm_up()
        except FaceSocialError as error:
            logger.error("the model's process is not ready: %s", error.message)
            return False
        return True

    def predict(self, name: str, items: Sequence[Pixels]) -> list[Floats | None]:
        """A model's answers; None for an item on which it fails alone."""
        return predict_each(self._models[name], items)


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
        self._spec = spec
        self._store = store_of(settings)
        self._workers = Workers(parallelism_of(settings).requests, settings.batch.max_age_ms / 1e3)
        self._batchers = _batchers(spec, settings, metrics, proxy, lambda: self._workers.alone)
        key_value = open_key_value(settings.key_value)
        parts = build_parts(spec, settings, self._batchers, self._workers, key_value, metrics)
        routes = routes_of(spec, parts)
        self._lifecycle = parts.lifecycle
        self._health = HealthMonitor(spec.name, __version__, spec.cards, self._lifecycle.probes)
        self._warming: asyncio.Task[None] | None = None
        self._usage = _recorder(spec, settings)
        service = ServiceParts(
            name=spec.name,
            title=spec.title,
            cards=spec.cards,
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
        await asyncio.to_thread(self._workers.close)
        await self._lifecycle.close()
        if self._usage is not None:
            await asyncio.to_thread(self._usage.close)

    async def _start(self) -> None:
        for card in self._spec.cards:
            await asyncio.to_thread(self._store.resolve, card)
        for batcher in self._batchers.values():
            await batcher.start()
        await self._lifecycle.start()
        gc.collect()
        gc.freeze()  # what is there now stays: the collector need not walk half a million objects again and again


def build_parts(
    spec: ServiceSpec,
    settings: Settings,
    batchers: Mapping[str, Batcher],
    workers: Workers,
    key_value: KeyValue,
    metrics: Metrics,
) -> Parts:
    """The parts of a service around its batchers."""
    limits = ImageLimits(
        max_bytes=settings.limits.max_image_bytes, max_pixels=settings.limits.max_image_pixels
    )
    (card,) = default_cards(spec.tasks[DETECTOR])
    budget = PixelBudget(settings.max_pixels_in_memory)
    perception = Perception(batchers[DETECTOR], card, limits, budget)
    cache = ResultCache(key_value, settings.cache)
    lifecycle = Lifecycle()
    # A store of the own process is no dependency.
    pings = {} if settings.key_value.redis_url is None else {"redis": key_value.ping}
    lifecycle.add(close=key_value.close, pings=pings)
    return Parts(spec, settings, perception, batchers, workers, key_value, cache, lifecycle, metrics)


def routes_of(spec: ServiceSpec, parts: Parts) -> APIRouter:
    """The routes of a service."""
    router: APIRouter = _imported(spec.routes)(parts)
    return router


def lazy_models(
    spec: ServiceSpec, settings: Settings, metrics: Metrics, alone: Callable[[], bool]
) -> dict[str, LazyModel]:
    """The batched models of a service, by name, not loaded yet; ``alone`` says whether a run may have all cores."""
    return {name: _lazy(task, settings, metrics, alone) for name, task in spec.tasks.items()}


def _lazy(task: Task, settings: Settings, metrics: Metrics, alone: Callable[[], bool]) -> LazyModel:
    return LazyModel(default_cards(task), partial(open_model, task, settings, alone), metrics)


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


def _batchers(
    spec: ServiceSpec,
    settings: Settings,
    metrics: Metrics,
    proxy: Proxy | None,
    alone: Callable[[], bool],
) -> dict[str, Batcher]:
    if proxy is not None:
        return {name: ServiceBatcher(proxy, name, settings.batch) for name in spec.tasks}
    models = lazy_models(spec, settings, metrics, alone)
    batch = settings.batch.model_copy(update={"workers": parallelism_of(settings).workers})
    return {name: ProcessBatcher(model, batch) for name, model in models.items()}
