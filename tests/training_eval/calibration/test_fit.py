"""The fits find what made-up data was made from, and stay unsure on little."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.processing.calibration import platt
from training_eval.calibration.fit import (
    RATES,
    accepted,
    counted_thresholds,
    fit_platt,
    normal_thresholds,
)

RNG = np.random.default_rng(0)


def test_platt_finds_the_slope_between_two_normal_curves() -> None:
    """Equal spread s, means a and b: the log-odds are linear with slope (a - b) / s^2, zero in the middle."""
    positive, negative = RNG.normal(2, 1, 20_000), RNG.normal(0, 1, 20_000)
    slope, intercept = fit_platt(positive, negative)
    assert slope == pytest.approx(2, rel=0.05)
    assert -intercept / slope == pytest.approx(1, abs=0.03)


def test_classes_weigh_the_same_whatever_their_number() -> None:
    positive, negative = RNG.normal(2, 1, 20_000), RNG.normal(0, 1, 20_000)
    slope, intercept = fit_platt(positive[:500], negative)
    assert -intercept / slope == pytest.approx(1, abs=0.1)


def test_two_examples_far_away_do_not_make_it_sure() -> None:
    positive, negative = np.array([50.0, 60.0]), RNG.normal(0, 1, 100)
    slope, intercept = fit_platt(positive, negative)
    assert platt(positive, slope, intercept).mean() < 0.8
    assert platt(negative, slope, intercept).mean() < 0.05


@given(st.floats(-1, 1), st.floats(0.05, 0.5))
@settings(deadline=None, max_examples=25)
def test_normal_thresholds_accept_as_many_as_they_say(mean: float, spread: float) -> None:
    impostors = np.random.default_rng(1).normal(mean, spread, 50_000)
    thresholds = normal_thresholds(impostors)
    assert sorted(thresholds.values()) == [thresholds[rate] for rate in sorted(RATES, reverse=True)]
    for rate in (0.1, 0.01):
        assert accepted(impostors, thresholds[rate]) == pytest.approx(rate, rel=0.15)
    exact = NormalDist(mean, spread).inv_cdf(1 - 0.0001)
    assert thresholds[0.0001] == pytest.approx(exact, abs=spread * 0.05)


def test_counted_thresholds_count() -> None:
    impostors = np.arange(10_000) / 10_000
    for rate, threshold in counted_thresholds(impostors).items():
        assert accepted(impostors, threshold) == pytest.approx(rate, abs=1e-4)
