"""One look at ``/metrics``, and how much was counted from look to look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

LE = "le"
PARTS = ("_bucket", "_count", "_sum")


class Series(NamedTuple):
    """A name and its labels, sorted by the labels' names."""

    name: str
    labels: tuple[tuple[str, str], ...]

    def label(self, name: str) -> str:
        """A label's value; empty where there is no such label."""
        return dict(self.labels).get(name, "")

    def without(self, name: str) -> tuple[tuple[str, str], ...]:
        """All labels but one."""
        return tuple(pair for pair in self.labels if pair[0] != name)


Values = Mapping[Series, float]


@dataclass(frozen=True, slots=True)
class Scrape:
    """What a service said at one moment.

    Attributes:
        at: Seconds of a clock that never goes back.
        counts: Samples of counters and histograms.
        gauges: Samples of everything else.
    """

    at: float
    counts: Values
    gauges: Values

    @classmethod
    def of(cls, text: str, at: float) -> Scrape:
        """Read Prometheus' text format.

        Raises:
            ValueError: It is none.
        """
        counts: dict[Series, float] = {}
        gauges: dict[Series, float] = {}
        for family in _families(text):
            kept = counts if family.type in ("counter", "histogram") else gauges
            for sample in family.samples:
                if not sample.name.endswith("_created"):
                    kept[Series(sample.name, tuple(sorted(sample.labels.items())))] = float(sample.value)
        return cls(at, MappingProxyType(counts), MappingProxyType(gauges))


@dataclass(frozen=True, slots=True)
class Increase:
    """What was counted over a while.

    Attributes:
        seconds: How long; None where nobody knows, since a service's start.
        counts: By series.
    """

    seconds: float | None
    counts: Values


def since_start(scrape: Scrape) -> Increase:
    """All that a service has counted."""
    return Increase(None, scrape.counts)


def increase_over(scrapes: Sequence[Scrape]) -> Increase | None:
    """What was counted from the first look to the last one; None of less than two.

    A counter that fell began again from nothing, as Prometheus reads it (``increase``, Prometheus documentation,
    "Query functions"); all series of a histogram are taken to have begun again where one fell. What is new began at
    nothing. Unlike Prometheus nothing is extrapolated to the ends of the window: these are whole requests.
    """
    if len(scrapes) < 2:
        return None
    total: dict[Series, float] = {}
    for before, after in pairwise(scrapes):
        began_again = {
            _one_of(series)
            for series, value in after.counts.items()
            if value < before.counts.get(series, 0.0)
        }
        for series, value in after.counts.items():
            start = 0.0 if _one_of(series) in began_again else before.counts.get(series, 0.0)
            total[series] = total.get(series, 0.0) + value - start
    return Increase(scrapes[-1].at - scrapes[0].at, MappingProxyType(total))


def named(values: Values, name: str, **labels: str) -> Iterable[tuple[Series, float]]:
    """Series of a name with these labels, among others."""
    wanted = labels.items()
    return (
        (series, value)
        for series, value in values.items()
        if series.name == name and wanted <= dict(series.labels).items()
    )


def _families(text: str) -> list[Metric]:
    """Families, read to the end.

    Raises:
        ValueError: What the parser stumbles over, whatever it raises then.
    """
    try:
        return list(text_string_to_metric_families(text))
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise ValueError(f"This is not Prometheus' text format: {error}") from error


def _one_of(series: Series) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What is counted together: a counter by itself, or all series of a histogram."""
    for part in PARTS:
        if series.name.endswith(part):
            return series.name.removesuffix(part), series.without(LE)
    return series
