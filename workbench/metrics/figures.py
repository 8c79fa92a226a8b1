"""Figures of one service over a while, by the names and the definitions of the project's Prometheus rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.metrics.buckets import Buckets, buckets_by
from workbench.metrics.scrape import Increase, Values, named

REQUESTS, DURATIONS = "http_requests_total", "http_request_duration_seconds"
QUEUES, BATCHES = "ai_queue_duration_seconds", "ai_model_batch_size"
INFERENCE, SCORES = "ai_model_inference_duration_seconds", "ai_model_score"
ASKED = re.compile(r"/api/.+|unmatched")
"""Paths that people ask for: probes and scrapes are none."""
ANSWERED = re.compile(r"/api/.+")
NOTHING = Buckets((), (), 0.0)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests.

    Attributes:
        requests: How many.
        per_s: Of them; None where the time is not known.
        failed: Share with a status of 500 and above, of all that were not refused with 4xx, as the project's objective
            of availability counts; None without any.
        refused: Share of all with 4xx.
        durations: Seconds from a request's first byte to its answer's last.
    """

    requests: float
    per_s: float | None
    failed: float | None
    refused: float | None
    durations: Buckets


@dataclass(frozen=True, slots=True)
class ModelWork:
    """What a version of a model did: items in a batch, and seconds that a batch took in the model."""

    name: str
    version: str
    batch_sizes: Buckets
    seconds: Buckets


@dataclass(frozen=True, slots=True)
class Scored:
    """What a version of a model said, in [0, 1]."""

    name: str
    version: str
    score: str
    values: Buckets


def traffic_of(increase: Increase, path: str | None = None) -> Traffic:
    """Requests to all operations, or to one."""
    counts = [
        (series.label("status"), value)
        for series, value in named(increase.counts, REQUESTS)
        if _is_asked(series.label("path"), path)
    ]
    total = sum(value for _, value in counts)
    refused = sum(value for status, value in counts if status.startswith("4"))
    failed = sum(value for status, value in counts if status.startswith("5"))
    return Traffic(
        requests=total,
        per_s=total / increase.seconds if increase.seconds else None,
        failed=failed / (total - refused) if total > refused else None,
        refused=refused / total if total else None,
        durations=_durations(increase, path),
    )


def paths_of(values: Values) -> list[str]:
    """Operations that were asked for, sorted."""
    found = {series.label("path") for series, _ in named(values, REQUESTS)}
    return sorted(path for path in found if ASKED.fullmatch(path))


def queues_of(increase: Increase) -> dict[str, Buckets]:
    """Seconds that requests and items waited, by queue."""
    return {queue: waits for (queue,), waits in buckets_by(increase, QUEUES, "queue").items()}


def models_of(increase: Increase) -> list[ModelWork]:
    """What each version of a model did."""
    sizes = buckets_by(increase, BATCHES, "model_name", "model_version")
    seconds = buckets_by(increase, INFERENCE, "model_name", "model_version")
    return [
        ModelWork(name, version, sizes.get((name, version), NOTHING), seconds.get((name, version), NOTHING))
        for name, version in sorted({*sizes, *seconds})
    ]


def scores_of(increase: Increase) -> Iterator[Scored]:
    """What each version of a model said."""
    found = buckets_by(increase, SCORES, "model_name", "model_version", "score")
    for (name, version, score), values in found.items():
        yield Scored(name, version, score, values)


def gauge_of(gauges: Values, name: str, **labels: str) -> float | None:
    """The sum of a gauge; None where it is not there."""
    found = [value for _, value in named(gauges, name, **labels)]
    return sum(found) if found else None


def _is_asked(path: str, wanted: str | None) -> bool:
    return ASKED.fullmatch(path) is not None if wanted is None else path == wanted


def _durations(increase: Increase, path: str | None) -> Buckets:
    chosen = {
        series: value
        for series, value in increase.counts.items()
        if series.name.startswith(DURATIONS)
        and (ANSWERED.fullmatch(series.label("path")) if path is None else series.label("path") == path)
    }
    found = buckets_by(Increase(increase.seconds, chosen), DURATIONS)
    return found.get((), NOTHING)
