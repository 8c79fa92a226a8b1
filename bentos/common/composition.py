"""Puts a service together: settings in, a BentoML service out. The one place where parts meet."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import bentoml
from fastapi import APIRouter
from starlette.types import ASGIApp, Receive, Scope, Send

from bentos import __version__
from bentos.common.app import ServiceParts, create_app
from bentos.common.auth import TokenVerifier
from bentos.common.batching import Batcher, ProcessBatcher, ServiceBatcher, model_service
from bentos.common.face_analysis import FaceAnalysis
from bentos.common.health import HealthMonitor
from bentos.common.loading import LazyModel, open_session, store_of
from bentos.common.logs import configure_logging
from bentos.common.metrics import Metrics
from bentos.common.perception import Perception
from bentos.common.settings import Settings
from bentos.common.workers import PixelBudget, Workers
from models.catalogue import CATALOGUE, DEFAULTS
from models.catalogue.card import ModelCard, Task
from models.processing.decode import ImageLimits
from models.runtime.batch import BatchModel
from models.runtime.detector import DetectorModel
from models.runtime.ensemble import FaceModel

DETECTOR = "detector"
FACES = "faces"
REQUEST_TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One batched model of a service: its cards and how it is loaded."""

    cards: tuple[ModelCard, ...]
    load: Callable[[Settings], BatchModel]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes of a service are built with."""

    settings: Settings
    perception: Perception
    batchers: Mapping[str, Batcher]
    workers: Workers
    models: Mapping[str, ModelSpec]

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """All cards of the service, the main one first."""
        return tuple(card for model in self.models.values() for card in model.cards)

    @property
    def analysis(self) -> FaceAnalysis:
        """The service's own model on the faces of a picture."""
        return FaceAnalysis(self.perception, self.batchers[FACES], self.models[FACES].cards, self.workers)


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """What makes one service different from the others. The first model's first card is its main one."""

    name: str
    title: str
    models: Mapping[str, ModelSpec]
    routes: Callable[[Parts], APIRouter]

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        return tuple(card for model in self.models.values() for card in model.cards)


def default_cards(task: Task) -> tuple[ModelCard, ...]:
    """The cards that serve a task unless a deployment says otherwise."""
    return tuple(CATALOGUE[name] for name in DEFAULTS[task])


def detector_spec() -> ModelSpec:
    """The face detector that every service begins with."""
    (card,) = default_cards(Task.FACE_DETECTION)
    return ModelSpec((card,), lambda settings: DetectorModel(open_session(card, settings)))


def face_model_spec(task: Task) -> ModelSpec:
    """The networks that answer a task, on one face at a time."""
    cards = default_cards(task)
    return ModelSpec(cards, lambda settings: FaceModel([open_session(card, settings) for card in cards]))


def face_service(name: str, title: str, task: Task, routes: Callable[[Parts], APIRouter]) -> ServiceSpec:
    """A service that finds faces and asks the networks of ``task`` about each."""
    return ServiceSpec(name, title, {FACES: face_model_spec(task), DETECTOR: detector_spec()}, routes)


def bento_service(spec: ServiceSpec, settings: Settings) -> Any:
    """The BentoML service of a spec; with ``batch_mode=service`` it brings an inner one that holds the models."""
    configure_logging(settings.log_level)
    metrics = Metrics(spec.name, settings.prometheus_multiproc_dir)
    models = {name: _lazy(model, settings, metrics) for name, model in spec.models.items()}

    class Service:
        """Hands every request to the contract's application."""

        if settings.batch.mode == "service":
            model_process = bentoml.depends(model_service(f"{spec.name}-models", models, settings.batch))

        def __init__(self) -> None:
            proxy = getattr(self, "model_process", None)
            self.running = _Running(spec, settings, metrics, _batchers(models, proxy, settings))

        @bentoml.on_startup  # type: ignore[untyped-decorator]
        async def begin(self) -> None:
            self.running.begin()

        @bentoml.on_shutdown  # type: ignore[untyped-decorator]
        async def end(self) -> None:
            await self.running.end()

    service = bentoml.service(
        Service,
        name=spec.name,
        metrics={"enabled": False},
        logging={"access": {"enabled": False}},
        tracing={"excluded_urls": ".*"},
        traffic={"timeout": REQUEST_TIMEOUT_S},
    )
    service.add_asgi_middleware(_Front, running=lambda: bentoml.get_current_service().running.application)
    return service


def build_parts(
    spec: ServiceSpec, settings: Settings, batchers: Mapping[str, Batcher], workers: Workers
) -> Parts:
    """The parts of a service around its batchers."""
    limits = ImageLimits(
        max_bytes=settings.limits.max_image_bytes, max_pixels=settings.limits.max_image_pixels
    )
    (detector_card,) = spec.models[DETECTOR].cards
    perception = Perception(
        batchers[DETECTOR], detector_card, workers, limits, PixelBudget(settings.max_pixels_in_memory)
    )
    return Parts(settings, perception, batchers, workers, spec.models)


class _Running:
    """A service in one process, from its start to its end."""

    def __init__(
        self, spec: ServiceSpec, settings: Settings, metrics: Metrics, batchers: Mapping[str, Batcher]
    ) -> None:
        self._cards = spec.cards
        self._store = store_of(settings)
        self._batchers = batchers
        self._workers = Workers(settings.worker_threads or os.cpu_count() or 1)
        self._health = HealthMonitor(spec.name, __version__, spec.cards)
        self._warming: asyncio.Task[None] | None = None
        self.application = create_app(
            ServiceParts(
                name=spec.name,
                title=spec.title,
                cards=spec.cards,
                health=self._health,
                metrics=metrics,
                verifier=TokenVerifier(settings.auth),
                max_body_bytes=settings.limits.max_body_bytes,
            ),
            spec.routes(build_parts(spec, settings, batchers, self._workers)),
        )

    def begin(self) -> None:
        self._warming = asyncio.create_task(self._health.warm_up(self._start))

    async def end(self) -> None:
        if self._warming is not None:
            self._warming.cancel()
        for batcher in self._batchers.values():
            await batcher.close()
        self._workers.close()

    async def _start(self) -> None:
        for card in self._cards:
            await asyncio.to_thread(self._store.resolve, card)
        for batcher in self._batchers.values():
            await batcher.start()


class _Front:
    """Takes every HTTP request before BentoML's own routes do; its lifespan stays BentoML's."""

    def __init__(self, app: ASGIApp, running: Callable[[], ASGIApp]) -> None:
        self._bento = app
        self._running = running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        application = self._running() if scope["type"] == "http" else self._bento
        await application(scope, receive, send)


def _lazy(model: ModelSpec, settings: Settings, metrics: Metrics) -> LazyModel:
    return LazyModel(model.cards, lambda: model.load(settings), metrics)


def _batchers(models: Mapping[str, BatchModel], proxy: Any, settings: Settings) -> dict[str, Batcher]:
    if proxy is None:
        return {name: ProcessBatcher(model, settings.batch) for name, model in models.items()}
    return {name: ServiceBatcher(proxy, name, settings.batch) for name in models}
