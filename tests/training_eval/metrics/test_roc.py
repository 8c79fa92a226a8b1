"""The curve of errors beside counting by hand at every threshold."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("sklearn", reason="needs the extra `train`")

from training_eval.metrics.arrays import Undefined
from training_eval.metrics.roc import area, error_curve
from training_eval.metrics.thresholds import lowest_threshold

TWO_CLASSES = st.tuples(
    st.lists(st.integers(0, 8), min_size=1, max_size=25), st.lists(st.integers(0, 8), min_size=1, max_size=25)
)


def both(case: tuple[list[int], list[int]]) -> tuple[list[int], list[bool]]:
    positive, negative = case
    return positive + negative, [True] * len(positive) + [False] * len(negative)


def counted(case: tuple[list[int], list[int]], threshold: float) -> tuple[float, float]:
    """Share of the negatives accepted, share of the positives refused."""
    positive, negative = case
    return (
        sum(score >= threshold for score in negative) / len(negative),
        sum(score < threshold for score in positive) / len(positive),
    )


@given(TWO_CLASSES)
@settings(deadline=None)
def test_area_is_how_often_a_positive_wins(case: tuple[list[int], list[int]]) -> None:
    positive, negative = case
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    assert area(*both(case)) == pytest.approx(wins / (len(positive) * len(negative)))


@given(TWO_CLASSES)
@settings(deadline=None)
def test_curve_holds_the_counts_at_every_score(case: tuple[list[int], list[int]]) -> None:
    curve = error_curve(*both(case))
    assert curve.thresholds[0] == np.inf
    assert curve.thresholds[1:].tolist() == sorted(set(both(case)[0]), reverse=True)
    for index, threshold in enumerate(curve.thresholds):
        made = curve.false_positive[index], curve.false_negative[index]
        assert made == pytest.approx(counted(case, threshold))


@given(TWO_CLASSES, st.sampled_from([0.0, 0.1, 0.25, 1 / 3, 0.5, 1.0]))
@settings(deadline=None)
def test_true_positives_at_a_rate(case: tuple[list[int], list[int]], rate: float) -> None:
    allowed = [counted(case, threshold) for threshold in [*range(10)]]
    best = max(1 - missed for false, missed in allowed if false <= rate)
    assert error_curve(*both(case)).true_positive_at(rate) == pytest.approx(best)


@given(TWO_CLASSES)
@settings(deadline=None)
def test_equal_error_lies_on_the_straight_lines_between_counts(case: tuple[list[int], list[int]]) -> None:
    found = error_curve(*both(case)).equal_error()
    corners = [counted(case, threshold) for threshold in range(9, -1, -1)]
    crossings = []
    for (false, missed), (later_false, later_missed) in itertools.pairwise(corners):
        for part in np.linspace(0, 1, 2001):
            left = false + part * (later_false - false)
            right = missed + part * (later_missed - missed)
            crossings.append((abs(left - right), (left + right) / 2))
    assert found == pytest.approx(min(crossings)[1], abs=1e-3)


def test_by_hand() -> None:
    """Two of three positives above both negatives; the third below one of them."""
    scores, truth = [0.9, 0.8, 0.3, 0.5, 0.1], [1, 1, 1, 0, 0]
    curve = error_curve(scores, truth)
    assert area(scores, truth) == pytest.approx(5 / 6)
    assert curve.true_positive_at(0.0) == pytest.approx(2 / 3)
    assert curve.true_positive_at(0.49) == pytest.approx(2 / 3)
    assert curve.true_positive_at(0.5) == 1
    assert curve.equal_error() == pytest.approx(1 / 3)


def test_weights_are_repetitions() -> None:
    random = np.random.default_rng(0)
    scores, truth, weights = random.integers(0, 6, 30), random.random(30) < 0.5, random.integers(0, 4, 30)
    plain = error_curve(np.repeat(scores, weights), np.repeat(truth, weights))
    weighted = error_curve(scores, truth, weights.astype(np.float64))
    assert weighted.equal_error() == pytest.approx(plain.equal_error())
    assert weighted.true_positive_at(0.1) == pytest.approx(plain.true_positive_at(0.1))
    assert area(scores, truth, weights.astype(np.float64)) == pytest.approx(
        area(np.repeat(scores, weights), np.repeat(truth, weights))
    )


def test_order_of_the_cases_does_not_matter() -> None:
    random = np.random.default_rng(1)
    scores, truth, order = random.integers(0, 6, 50), random.random(50) < 0.5, random.permutation(50)
    first, second = error_curve(scores, truth), error_curve(scores[order], truth[order])
    np.testing.assert_array_equal(first.false_negative, second.false_negative)


@pytest.mark.parametrize("figure", [area, error_curve])
def test_one_class_is_undefined(figure: Any) -> None:
    for scores, truth in (([], []), ([1.0], [True]), ([1.0, 2.0], [False, False])):
        with pytest.raises(Undefined, match="two classes"):
            figure(scores, truth)
    with pytest.raises(Undefined, match="two classes"):
        figure([1.0, 2.0], [False, True], np.array([1.0, 0.0]))


@pytest.mark.parametrize("figure", [area, error_curve])
def test_unsound_data_is_refused(figure: Any) -> None:
    for scores, truth in (
        ([np.nan, 1.0], [0, 1]),
        ([1.0, 2.0], [0]),
        ([[1.0, 2.0]], [0, 1]),
        ([1, 2], [0, 2]),
    ):
        with pytest.raises(ValueError, match=r"scores|classes"):
            figure(scores, truth)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.floats(0, 1))
@settings(deadline=None)
def test_lowest_threshold_keeps_its_word_and_wastes_nothing(scores: list[int], rate: float) -> None:
    threshold = lowest_threshold(scores, rate)

    def passing(at: float) -> float:
        return sum(score >= at for score in scores) / len(scores)

    assert passing(threshold) <= rate
    if np.isfinite(threshold):
        assert passing(np.nextafter(threshold, -np.inf)) > rate
    else:
        assert rate == 1


def test_lowest_threshold_counts_exactly() -> None:
    scores = np.arange(30.0)
    for passing in range(30):
        assert (scores >= lowest_threshold(scores, passing / 30)).sum() == passing
    with pytest.raises(Undefined, match="refused"):
        lowest_threshold([], 0.1)
    for rate in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="rate"):
            lowest_threshold(scores, rate)
