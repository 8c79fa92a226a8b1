"""What ``/metrics`` tells of a challenger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Histogram

from bentos.common.metrics import MODEL_LABELS
from bentos.common.shadow.comparison import Comparison
from models.catalogue.card import ModelCard

Outcome = Literal["compared", "skipped", "dropped", "failed"]
"""Of a sampled request: compared; nothing to compare; no time for it; the challenger broke."""
BUCKETS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)


class ShadowMetrics:
    """How a challenger fares.

    Args:
        service: The service's name.
        registry: Of the service's own metrics.
    """

    def __init__(self, service: str, registry: CollectorRegistry) -> None:
        self._service = service
        self._requests = Counter(
            "ai_model_shadow_requests",
            "Sampled requests",
            ("service", "outcome"),
            registry=registry,
        )
        self._disagreement = Histogram(
            "ai_model_shadow_disagreement",
            "How far a challenger's answer is from the one that was given: 0 the same, 1 opposite",
            MODEL_LABELS,
            buckets=BUCKETS,
            registry=registry,
        )
        self._flips = Counter(
            "ai_model_shadow_flips",
            "Faces with another verdict by the challenger",
            MODEL_LABELS,
            registry=registry,
        )

    def sampled(self, outcome: Outcome) -> None:
        """Count a sampled request."""
        self._requests.labels(self._service, outcome).inc()

    def compared(self, cards: Sequence[ModelCard], comparison: Comparison) -> None:
        """Count what a comparison found; the challenger goes by the name of its first model."""
        labels = (self._service, cards[0].name, cards[0].version)
        self._disagreement.labels(*labels).observe(comparison.disagreement)
        self._flips.labels(*labels).inc(comparison.flips)
