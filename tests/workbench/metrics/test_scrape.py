"""Reading /metrics: what prometheus_client writes, what services say, and what is none."""

from __future__ import annotations

import math

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from workbench.metrics.scrape import Scrape, Series, increase_over, named, since_start

ODD = 'a "b"\\c\n{d},e="f"'


def written(*, requests: int = 3, observed: tuple[float, ...] = (0.1, 0.3, 9.0), label: str = ODD) -> str:
    registry = CollectorRegistry()
    Counter("http_requests", "So many", ("path",), registry=registry).labels(label).inc(requests)
    Gauge("depth", "So deep", registry=registry).set(-2.5)
    histogram = Histogram("waits", "So long", ("path",), buckets=(0.2, 1), registry=registry).labels(label)
    for value in observed:
        histogram.observe(value)
    return generate_latest(registry).decode()


def value(scrape: Scrape, name: str, **labels: str) -> float:
    ((_, found),) = named(scrape.counts, name, **labels)
    return found


def test_what_prometheus_client_writes_is_read_to_the_letter() -> None:
    scrape = Scrape.of(written(), 1.0)
    assert value(scrape, "http_requests_total", path=ODD) == 3
    assert scrape.gauges == {Series("depth", ()): -2.5}
    assert value(scrape, "waits_bucket", path=ODD, le="1.0") == 2
    assert value(scrape, "waits_bucket", path=ODD, le="+Inf") == value(scrape, "waits_count", path=ODD) == 3
    assert value(scrape, "waits_sum", path=ODD) == pytest.approx(9.4)
    assert not any(series.name.endswith("_created") for series in {**scrape.counts, **scrape.gauges})


@pytest.mark.parametrize(
    "text", ['a{b="c} 1', "a one", 'a{b="c",b="d"} 1', "# TYPE a\na 1", "{} 1", "<html>\n"]
)
def test_what_is_no_metrics_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        Scrape.of(text, 0.0)


def test_an_increase_is_what_was_counted_between() -> None:
    looks = [Scrape.of(written(requests=3), 10.0), Scrape.of(written(requests=8), 14.0)]
    increase = increase_over(looks)
    assert increase is not None
    assert increase.seconds == 4.0
    assert [count for _, count in named(increase.counts, "http_requests_total")] == [5]
    assert increase_over(looks[:1]) is None


def test_a_counter_that_fell_began_again() -> None:
    looks = [Scrape.of(written(requests=count), at) for at, count in enumerate((5, 9, 2, 3))]
    increase = increase_over(looks)
    assert increase is not None
    assert [count for _, count in named(increase.counts, "http_requests_total")] == [4 + 2 + 1]


def test_a_histogram_that_fell_in_one_bucket_began_again_as_a_whole() -> None:
    before = Scrape.of(written(observed=(0.1, 0.1)), 0.0)
    after = Scrape.of(written(observed=(0.5, 0.5, 0.5)), 5.0)
    increase = increase_over([before, after])
    assert increase is not None
    counts = {series.label("le"): count for series, count in named(increase.counts, "waits_bucket")}
    assert counts == {"0.2": 0, "1.0": 3, "+Inf": 3}


def test_what_is_new_began_at_nothing_and_what_is_gone_does_no_harm() -> None:
    before, after = Scrape.of(written(label="old"), 0.0), Scrape.of(written(label="new"), 1.0)
    increase = increase_over([before, after])
    assert increase is not None
    assert [count for _, count in named(increase.counts, "http_requests_total")] == [3]
    assert since_start(after).seconds is None
    assert math.isfinite(sum(increase.counts.values()))
