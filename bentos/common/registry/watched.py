"""What ``/metrics`` tells of the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge

from bentos.common.metrics import MODEL_LABELS
from models.catalogue.card import ModelCard

Reason = Literal["unreachable", "delayed", "bundle", "load"]
"""Of a failure: no answer, a version that is tried again, one that is no bundle of this task, one that does not run."""


class RegistryMetrics:
    """Whether the registry answers, what failed, and what waits for a restart.

    Args:
        service: The service's name.
        registry: Of the service's own metrics.
    """

    def __init__(self, service: str, registry: CollectorRegistry) -> None:
        self._service = service
        self._up = Gauge(
            "ai_model_registry_up",
            "Whether the registry of models answered when it was last asked",
            ("service",),
            multiprocess_mode="livemin",
            registry=registry,
        )
        self._failures = Counter(
            "ai_model_registry_failures",
            "Times that the registry, or a version of it, could not be used",
            ("service", "reason"),
            registry=registry,
        )
        self._waiting = Gauge(
            "ai_model_waiting",
            "Champions that serve after the next restart",
            MODEL_LABELS,
            multiprocess_mode="livemax",
            registry=registry,
        )

    def up(self, answers: bool) -> None:
        """Whether the registry answers."""
        self._up.labels(self._service).set(int(answers))

    def failed(self, reason: Reason) -> None:
        """Count a failure."""
        self._failures.labels(self._service, reason).inc()

    def waiting(self, cards: Sequence[ModelCard], waits: bool) -> None:
        """Whether these models wait."""
        for card in cards:
            self._waiting.labels(self._service, card.name, card.version).set(int(waits))
