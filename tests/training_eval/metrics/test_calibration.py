"""Reliability, beside plain loops and cases done by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_eval.metrics.arrays import Undefined
from training_eval.metrics.calibration import brier, expected_calibration_error, reliability

CASES = st.lists(
    st.tuples(st.sampled_from([0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 0.99, 1.0]), st.booleans()),
    min_size=1,
    max_size=40,
)


def plain_error(cases: list[tuple[float, bool]], edges: list[float]) -> float:
    """Walk the bins (low, high], the first with its lower edge."""
    total = 0.0
    for index, (low, high) in enumerate(itertools.pairwise(edges)):
        held = [case for case in cases if low < case[0] <= high or (index == 0 and case[0] <= low)]
        if held:
            gap = sum(p for p, _ in held) / len(held) - sum(y for _, y in held) / len(held)
            total += abs(gap) * len(held)
    return total / len(cases)


@given(CASES, st.sampled_from([1, 2, 4, 5]))
@settings(deadline=None)
def test_equal_width_against_a_plain_loop(cases: list[tuple[float, bool]], bins: int) -> None:
    probabilities, happened = zip(*cases, strict=True)
    edges = np.linspace(0, 1, bins + 1).tolist()
    assert expected_calibration_error(probabilities, happened, bins) == pytest.approx(
        plain_error(cases, edges)
    )
    assert reliability(probabilities, happened, bins).counts.sum() == len(cases)


@given(CASES, st.sampled_from([1, 2, 4, 10]))
@settings(deadline=None)
def test_equal_mass_against_a_plain_loop(cases: list[tuple[float, bool]], bins: int) -> None:
    probabilities, happened = zip(*cases, strict=True)
    ranked = sorted(probabilities)
    # The smallest value below or at which k / bins of the cases lie.
    edges = [ranked[-(-index * len(ranked) // bins) - 1] for index in range(1, bins)]
    made = reliability(probabilities, happened, bins, "mass")
    assert made.error == pytest.approx(plain_error(cases, sorted({-1.0, *edges, 1.0})))
    assert made.counts.sum() == len(cases)


def test_equal_mass_bins_hold_as_many() -> None:
    probabilities = np.random.default_rng(0).random(1000) ** 3
    made = reliability(probabilities, probabilities > 0.5, 10, "mass")
    assert made.counts.tolist() == [100] * 10
    assert (np.diff(made.predicted) > 0).all()


def test_by_hand() -> None:
    """Two bins: 0.2 and 0.4, of which one came true (0.3 against 0.5), and 0.9 that came true."""
    made = reliability([0.2, 0.4, 0.9], [False, True, True], 2)
    assert made.predicted.tolist() == pytest.approx([0.3, 0.9])
    assert made.observed.tolist() == [0.5, 1.0]
    assert made.error == pytest.approx((2 * 0.2 + 0.1) / 3)
    assert brier([0.2, 0.4, 0.9], [False, True, True]) == pytest.approx((0.04 + 0.36 + 0.01) / 3)


def test_honest_probabilities_have_a_small_error_and_boasting_has_not() -> None:
    random = np.random.default_rng(1)
    probabilities = random.random(50_000)
    happened = random.random(50_000) < probabilities
    boasting = np.where(probabilities > 0.5, 0.99, 0.01)
    for binning in ("width", "mass"):
        assert expected_calibration_error(probabilities, happened, 10, binning) < 0.01  # type: ignore[arg-type]
        assert expected_calibration_error(boasting, happened, 10, binning) > 0.2  # type: ignore[arg-type]


def test_all_the_same() -> None:
    for binning in ("width", "mass"):
        made = reliability([0.5] * 6, [1, 0, 1, 0, 1, 0], 10, binning)  # type: ignore[arg-type]
        assert (made.counts.tolist(), made.error) == ([6], 0.0)


def test_hostile() -> None:
    for bad in ([1.1], [-0.1], [np.nan]):
        with pytest.raises(ValueError, match="probabilities"):
            brier(bad, [True])
    with pytest.raises(ValueError, match="happened"):
        reliability([0.5, 0.6], [True])
    with pytest.raises(ValueError, match="bins"):
        reliability([0.5], [True], 0)
    for figure in (brier, reliability):
        with pytest.raises(Undefined, match="no cases"):
            figure([], [])
