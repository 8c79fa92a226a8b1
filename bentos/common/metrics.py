"""The metrics of the contract, in one object that is handed around."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from bentos.common.workers import Waited
from models.catalogue.card import ModelCard
from models.runtime.batch import BatchModel
from models.runtime.session import Floats, Pixels

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REQUEST_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
INFERENCE_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2)
BATCH_BUCKETS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128)
QUEUE_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
SCORE_BUCKETS = tuple(step / 20 for step in range(1, 21))
MODEL_LABELS = ("service", "model_name", "model_version")


class Metrics:
    """Counters of one service, shared by its processes through ``multiprocess_dir`` where there is one."""

    def __init__(self, service: str, multiprocess_dir: Path | None = None) -> None:
        self._service = service
        self._multiprocess_dir = multiprocess_dir
        self._registry = CollectorRegistry()
        self._collectors: list[Collector] = []
        self._serving: dict[str, set[tuple[str, ...]]] = {}
        self._routes: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._requests = Counter(
            "http_requests",
            "Requests answered",
            ("service", "method", "path", "status"),
            registry=self._registry,
        )
        self._durations = Histogram(
            "http_request_duration_seconds",
            "Time from the first byte of a request to the last of its answer",
            ("service", "method", "path"),
            buckets=REQUEST_BUCKETS,
            registry=self._registry,
        )
        self._inference = Histogram(
            "ai_model_inference_duration_seconds",
            "Time of one batch in the model",
            MODEL_LABELS,
            buckets=INFERENCE_BUCKETS,
            registry=self._registry,
        )
        self._batches = Histogram(
            "ai_model_batch_size",
            "Items in one batch",
            MODEL_LABELS,
            buckets=BATCH_BUCKETS,
            registry=self._registry,
        )
        self._queues = Histogram(
            "ai_queue_duration_seconds",
            "Time that requests waited for a thread, and items for their batch",
            ("service", "queue"),
            buckets=QUEUE_BUCKETS,
            registry=self._registry,
        )
        self._scores = Histogram(
            "ai_model_score",
            "What models said, in [0, 1]",
            (*MODEL_LABELS, "score"),
            buckets=SCORE_BUCKETS,
            registry=self._registry,
        )
        self._info = Gauge(
            "ai_model_info",
            "Models that answer (1), and that did so before (0)",
            (*MODEL_LABELS, "task", "digest", "provider"),
            multiprocess_mode="livemax",
            registry=self._registry,
        )

    def request(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one answered request; ``path`` is the route's template."""
        count, duration = self._of_route(method, path, status)
        count.inc()
        duration.observe(seconds)

    def _of_route(self, method: str, path: str, status: int) -> tuple[Counter, Histogram]:
        key = (method, path, status)
        if key not in self._routes:
            self._routes[key] = (
                self._requests.labels(self._service, method, path, str(status)),
                self._durations.labels(self._service, method, path),
            )
        return self._routes[key]

    def batch(self, card: ModelCard, size: int, seconds: float) -> None:
        """Count one batch of a model."""
        labels = (self._service, card.name, card.version)
        self._batches.labels(*labels).observe(size)
        self._inference.labels(*labels).observe(seconds)

    def waiting(self, queue: str) -> Waited:
        """What is to be told of the waits in a queue; from now on the queue is there, with none."""
        return self._queues.labels(self._service, queue).observe

    def scored(self, card: ModelCard, scores: Iterable[tuple[str, float]]) -> None:
        """Count what a model said: by name, numbers in [0, 1]; whatever lies beyond is brought to the nearer end."""
        for name, value in scores:
            self._score(card, name).observe(min(1.0, max(0.0, value)))

    def scoring(self, card: ModelCard, names: Iterable[str]) -> None:
        """Say which scores a model gives, so that they are there before the first one."""
        for name in names:
            self._score(card, name)

    def _score(self, card: ModelCard, name: str) -> Histogram:
        return self._scores.labels(self._service, card.name, card.version, name)

    def serving(self, name: str, cards: Sequence[ModelCard], provider: str) -> None:
        """Say which models answer, by their name in the service; those that did so before do no longer."""
        now: set[tuple[str, ...]] = {
            (self._service, card.name, card.version, card.task.value, card.sha256[:12], provider)
            for card in cards
        }
        for gone in self._serving.get(name, set()) - now:
            if self._multiprocess_dir is None:
                self._info.remove(*gone)
            else:  # files that processes share forget nothing
                self._info.labels(*gone).set(0)
        for labels in now:
            self._info.labels(*labels).set(1)
        self._serving[name] = now

    def add(self, collector: Collector) -> None:
        """Render also what a collector finds at that moment, such as what a database counts for all processes."""
        self._collectors.append(collector)

    def render(self) -> bytes:
        """All metrics in Prometheus' text format, over all processes of the service."""
        registry = CollectorRegistry()
        if self._multiprocess_dir is None:
            registry.register(self._registry)
        else:
            MultiProcessCollector(registry, path=str(self._multiprocess_dir))  # type: ignore[no-untyped-call]
        for collector in self._collectors:
            registry.register(collector)
        return generate_latest(registry)


class MeteredModel:
    """A model whose batches are counted."""

    def __init__(self, model: BatchModel, metrics: Metrics) -> None:
        self._model = model
        self._metrics = metrics

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        return self._model.cards

    @property
    def provider(self) -> str:
        return self._model.provider

    def warm_up(self) -> None:
        self._model.warm_up()

    def predict(self, items: Sequence[Pixels]) -> list[Floats]:
        started = time.perf_counter()
        answers = self._model.predict(items)
        seconds = time.perf_counter() - started
        for card in self._model.cards:
            self._metrics.batch(card, len(items), seconds)
        return answers
