"""The contract's metrics of video jobs, as the database counts them for all replicas and workers."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from bentos.common.errors import DependencyUnavailable
from bentos.deepfake_detection.video.durations import BEYOND_S
from bentos.deepfake_detection.video.upkeep import Upkeep

logger = logging.getLogger(__name__)


class JobMetrics(Collector):
    """``deepfake_jobs`` by status and ``deepfake_job_duration_seconds``; neither while the database is away."""

    def __init__(self, store: Upkeep) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        """What Prometheus is told."""
        try:
            counts = self._store.counts()
            durations, seconds = self._store.durations()
        except (DependencyUnavailable, SQLAlchemyError) as error:  # it is away, or has no tables yet
            logger.warning("jobs are not counted: %s", error)
            return
        jobs = GaugeMetricFamily("deepfake_jobs", "Video jobs that are kept, by status", labels=["status"])
        for status, count in counts.items():
            jobs.add_metric([status.value], count)
        yield jobs
        buckets = [("+Inf" if upto == BEYOND_S else f"{upto:g}", float(count)) for upto, count in durations]
        spent = HistogramMetricFamily(
            "deepfake_job_duration_seconds", "From a job's first begin to its end, unless it was cancelled"
        )
        spent.add_metric([], buckets, seconds)
        yield spent
