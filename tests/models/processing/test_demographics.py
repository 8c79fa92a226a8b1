"""Years, an interval and a label out of three numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalogue.age_gender import AGE_GENDER_XCEPTION
from models.processing.demographics import Demographics, decode_demographics


def decoded(*values: float) -> Demographics:
    return decode_demographics(np.array(values, np.float32), AGE_GENDER_XCEPTION)


def test_an_adult() -> None:
    found = decoded(35.0, 0.2, 0.8)
    assert (found.age, found.gender) == (35.0, "female")
    assert found.confidence == pytest.approx(0.8)
    assert found.low == pytest.approx(35 - 1.6 * 5.43)
    assert found.high == pytest.approx(35 + 1.6 * 5.43)


@pytest.mark.parametrize(
    ("age", "error"), [(3.0, 1.52), (3.5, 3.06), (18.0, 4.82), (60.0, 4.94), (60.5, 6.17), (85.0, 9.91)]
)
def test_the_interval_is_that_of_the_age_group(age: float, error: float) -> None:
    assert decoded(age, 1, 0).low == pytest.approx(max(0.0, age - 1.6 * error))


@pytest.mark.parametrize(
    ("raw", "age"), [(-4.0, 0.0), (0.0, 0.0), (100.0, 100.0), (250.0, 100.0), (math.inf, 100.0)]
)
def test_an_age_stays_within_the_limits(raw: float, age: float) -> None:
    found = decoded(raw, 0.9, 0.1)
    assert found.age == age
    assert 0.0 <= found.low <= found.age <= found.high <= 100.0


def test_the_likelier_label_and_its_probability() -> None:
    assert (decoded(30, 0.6, 0.4).gender, decoded(30, 0.4, 0.6).gender) == ("male", "female")
    assert decoded(30, 0.5, 0.5).gender == "male"


def test_a_probability_a_hair_above_one_is_one() -> None:
    assert decoded(30, 1.0000002, 0.0).confidence == 1.0


@given(st.floats(-1e6, 1e6, width=32), st.floats(0, 1, width=32))
def test_the_interval_holds_the_age(age: float, male: float) -> None:
    found = decoded(age, male, 1 - male)
    assert 0.0 <= found.low <= found.age <= found.high <= 100.0
    assert 0.5 <= found.confidence <= 1.0
