"""Intervals hold the truth as often as they say, and draws are the same for the same seed."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the extra `train`")

from training_eval.metrics.arrays import Undefined
from training_eval.metrics.intervals import Interval, bootstrap, clopper_pearson, share, wilson


def at_least(hits: int, count: int, chance: float) -> float:
    """P(X >= hits) of a binomial, summed by hand."""
    return sum(comb(count, k) * chance**k * (1 - chance) ** (count - k) for k in range(hits, count + 1))


@pytest.mark.parametrize(("hits", "count"), [(1, 3), (5, 20), (19, 20), (30, 60)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_exact_ends_are_where_the_tails_are(hits: int, count: int, confidence: float) -> None:
    tail = (1 - confidence) / 2
    made = clopper_pearson(hits, count, confidence)
    assert at_least(hits, count, made.low) == pytest.approx(tail, abs=1e-9)
    assert 1 - at_least(hits + 1, count, made.high) == pytest.approx(tail, abs=1e-9)


def test_rule_of_three_and_nothing_known() -> None:
    assert clopper_pearson(0, 100) == Interval(0.0, pytest.approx(1 - 0.025 ** (1 / 100)))
    assert clopper_pearson(100, 100) == Interval(pytest.approx(0.025 ** (1 / 100)), 1.0)
    assert clopper_pearson(0, 0) == wilson(0, 0) == Interval(0.0, 1.0)


def test_wilson_by_its_defining_equation() -> None:
    """Its ends p solve (share - p)^2 = z^2 p (1 - p) / n."""
    for hits, count in ((1, 10), (5, 20), (47, 50)):
        made = wilson(hits, count)
        for end in (made.low, made.high):
            assert (hits / count - end) ** 2 == pytest.approx(1.959964**2 * end * (1 - end) / count, rel=1e-5)
    assert wilson(0, 20).low == 0
    assert wilson(20, 20).high == 1


@pytest.mark.parametrize("interval", [clopper_pearson, wilson])
@pytest.mark.parametrize("bad", [(-1, 5, 0.95), (6, 5, 0.95), (1, 5, 0.0), (1, 5, 1.0)])
def test_nonsense_is_refused(interval: object, bad: tuple[int, int, float]) -> None:
    with pytest.raises(ValueError, match=r"no share|confidence"):
        interval(*bad)  # type: ignore[operator]


def test_share() -> None:
    made = share(3, 4)
    assert (made.value, made.count, made.interval) == (0.75, 4, clopper_pearson(3, 4))
    with pytest.raises(Undefined, match="there are no faces"):
        share(0, 0, "faces")


def test_exact_holds_the_truth_often_enough() -> None:
    hits = np.random.default_rng(0).binomial(40, 0.1, 2000)
    assert np.mean([0.1 in clopper_pearson(int(one), 40) for one in hits]) >= 0.95


def mean_of(values: np.ndarray) -> object:
    return lambda weights: float(np.average(values, weights=weights))


def test_bootstrap_of_a_mean_is_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(1).normal(0, 1, 400)
    made = bootstrap(mean_of(values), np.arange(400))  # type: ignore[arg-type]
    assert made is not None
    assert made.high - made.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_cases_of_one_unit_are_drawn_together() -> None:
    """Ten equal cases a unit tell as much as one: the interval is that of the units."""
    values = np.random.default_rng(2).normal(0, 1, 50)
    once = bootstrap(mean_of(values), np.arange(50), seed=3)  # type: ignore[arg-type]
    tenfold = bootstrap(mean_of(np.repeat(values, 10)), np.repeat(np.arange(50), 10), seed=3)  # type: ignore[arg-type]
    alone = bootstrap(mean_of(np.repeat(values, 10)), np.arange(500), seed=3)  # type: ignore[arg-type]
    assert once is not None
    assert tenfold is not None
    assert alone is not None
    assert (tenfold.low, tenfold.high) == (pytest.approx(once.low), pytest.approx(once.high))
    assert alone.high - alone.low < 0.5 * (once.high - once.low)


def test_a_pair_counts_as_often_as_both_were_drawn() -> None:
    seen = []
    pairs = np.array([[0, 0], [0, 1], [1, 2]])
    bootstrap(lambda weights: seen.append(weights.copy()) or 0.0, pairs, rounds=50)  # type: ignore[func-returns-value]
    random = np.random.default_rng(0)
    for weights in seen:
        zero, one, two = np.bincount(random.integers(3, size=3), minlength=3)
        assert weights.tolist() == [zero, zero * one, one * two]


def test_seed_decides() -> None:
    values, units = np.random.default_rng(4).normal(size=30), np.arange(30)
    first, again, other = (bootstrap(mean_of(values), units, seed=seed) for seed in (1, 1, 2))  # type: ignore[arg-type]
    assert first == again != other


def test_no_interval_where_nothing_varies_or_little_is_defined() -> None:
    def undefined(weights: np.ndarray) -> float:
        raise Undefined("never")

    assert bootstrap(mean_of(np.ones(5)), np.zeros(5, int)) is None  # type: ignore[arg-type]
    assert bootstrap(undefined, np.arange(5), rounds=10) is None
    assert bootstrap(undefined, np.empty(0, int)) is None
    with pytest.raises(ValueError, match="units"):
        bootstrap(undefined, np.zeros((3, 3), int))
