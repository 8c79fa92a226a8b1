"""Histograms as Prometheus keeps them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workbench.metrics.scrape import LE, Increase, Series, named


@dataclass(frozen=True, slots=True)
class Buckets:
    """How many observations were at most so large.

    Attributes:
        bounds: Upper bounds, ascending, the last one infinite.
        counts: Observations up to each bound, so never falling.
        total: Sum of all observations.
    """

    bounds: tuple[float, ...]
    counts: tuple[float, ...]
    total: float

    @property
    def observed(self) -> float:
        """How many in all."""
        return self.counts[-1] if self.counts else 0.0

    @property
    def mean(self) -> float | None:
        """None of nothing."""
        return self.total / self.observed if self.observed > 0 else None

    @property
    def inside(self) -> tuple[float, ...]:
        """Observations in each bucket by itself."""
        return tuple(upto - below for upto, below in zip(self.counts, (0.0, *self.counts), strict=False))

    def quantile(self, share: float) -> float | None:
        """The value below which a share of the observations lies, straight within its bucket.

        As ``histogram_quantile`` of Prometheus for classic histograms (Prometheus, ``promql/quantile.go``,
        ``BucketQuantile``): a bucket begins where the one before ends, the lowest at 0 unless its bound is not
        positive; what lies in the infinite bucket is said to be at the highest bound that is not.

        Args:
            share: In (0, 1].

        Returns:
            None without observations or without a finite bucket.
        """
        if not 0 < share <= 1:
            raise ValueError(f"{share} is no share of observations")
        if len(self.bounds) < 2 or self.bounds[-1] != math.inf or self.observed <= 0:
            return None
        rank = share * self.observed
        at = next((at for at, upto in enumerate(self.counts[:-1]) if upto >= rank), len(self.bounds) - 1)
        if at == len(self.bounds) - 1:
            return self.bounds[-2]
        if at == 0 and self.bounds[0] <= 0:
            return self.bounds[0]
        low, below = (self.bounds[at - 1], self.counts[at - 1]) if at > 0 else (0.0, 0.0)
        return low + (self.bounds[at] - low) * ((rank - below) / (self.counts[at] - below))


def buckets_of(increase: Increase, name: str, **labels: str) -> Buckets:
    """All histograms of a name with these labels, added up."""
    total = sum(value for _, value in named(increase.counts, f"{name}_sum", **labels))
    return _added(named(increase.counts, f"{name}_bucket", **labels), total)


def buckets_by(increase: Increase, name: str, *by: str) -> Mapping[tuple[str, ...], Buckets]:
    """Histograms of a name by the values of labels, in their order."""
    found = {
        tuple(series.label(label) for label in by) for series, _ in named(increase.counts, f"{name}_count")
    }
    return {key: buckets_of(increase, name, **dict(zip(by, key, strict=True))) for key in sorted(found)}


def _added(series: Iterable[tuple[Series, float]], total: float) -> Buckets:
    counts: dict[float, float] = {}
    for one, value in series:
        bound = float(one.label(LE))
        counts[bound] = counts.get(bound, 0.0) + value
    bounds = tuple(sorted(counts))
    highest, rising = 0.0, []
    for (
        bound
    ) in bounds:  # parts of a sum may have been read at different moments: Prometheus' ensureMonotonic
        highest = max(highest, counts[bound])
        rising.append(highest)
    return Buckets(bounds, tuple(rising), total)
