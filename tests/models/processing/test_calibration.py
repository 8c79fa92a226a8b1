from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.processing.calibration import platt, threshold_at_far

TABLE = {"1e-4": 0.5, "0.001": 0.4, "0.01": 0.25, "1e-1": 0.1}


@given(st.floats(-30, 30), st.floats(-3, 3), st.floats(-5, 5))
def test_platt_agrees_with_the_definition(score: float, slope: float, intercept: float) -> None:
    expected = 1 / (1 + math.exp(-(slope * score + intercept)))
    assert float(platt(score, slope, intercept)) == pytest.approx(expected, rel=1e-9)


def test_platt_is_stable_far_out() -> None:
    with np.errstate(all="raise", under="ignore"):
        seen = platt([-1e308, -1e4, -700.0, 0.0, 700.0, 1e4, 1e308], 1.0, 0.0)
    assert seen[[0, 1, 3, 4, 5, 6]].tolist() == [0, 0, 0.5, 1, 1, 1]
    assert seen[2] == pytest.approx(math.exp(-700))


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20), st.floats(0.01, 100))
def test_platt_keeps_the_order(scores: list[float], slope: float) -> None:
    assert (np.diff(platt(sorted(scores), slope, -1.0)) >= 0).all()


@pytest.mark.parametrize(
    ("far", "expected"),
    [
        (1e-4, 0.5),
        (1e-3, 0.4),
        (0.1, 0.1),
        (10**-3.5, 0.45),
        (10**-1.5, 0.175),
        (1e-9, 0.5),
        (1.0, 0.1),
    ],
)
def test_threshold_between_and_beyond_the_table(far: float, expected: float) -> None:
    assert threshold_at_far(TABLE, far) == pytest.approx(expected)


def test_the_order_of_the_table_does_not_matter() -> None:
    backwards = dict(reversed(list(TABLE.items())))
    assert threshold_at_far(backwards, 0.005) == threshold_at_far(TABLE, 0.005)


def test_a_single_entry_holds_everywhere() -> None:
    assert threshold_at_far({"0.001": 0.3}, 0.5) == 0.3


@given(st.floats(1e-8, 1), st.floats(1e-8, 1))
def test_a_stricter_rate_never_lowers_the_threshold(one: float, other: float) -> None:
    strict, loose = sorted((one, other))
    assert threshold_at_far(TABLE, strict) >= threshold_at_far(TABLE, loose)


@pytest.mark.parametrize("far", [0.0, -0.1, 1.1, math.nan, math.inf])
def test_rates_that_are_none(far: float) -> None:
    with pytest.raises(ValueError, match="false-accept rate"):
        threshold_at_far(TABLE, far)


@pytest.mark.parametrize("table", [{}, {"0": 0.3}, {"live": 0.5}])
def test_tables_that_hold_no_rates(table: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"rate|float"):
        threshold_at_far(table, 0.001)
