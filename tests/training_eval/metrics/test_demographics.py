"""Age and gender, by plain counting and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("scipy", reason="needs the extra `train`")

from training_eval.metrics.arrays import Undefined
from training_eval.metrics.demographics import (
    age_errors,
    age_groups,
    cumulative_score,
    error_by_age,
    gender_accuracy,
    mean_error,
    range_errors,
)
from training_eval.metrics.intervals import clopper_pearson

AGE = st.floats(0, 100)


@given(st.lists(st.tuples(AGE, AGE), min_size=1, max_size=30), st.floats(0, 20))
@settings(deadline=None)
def test_errors_against_plain_counting(cases: list[tuple[float, float]], within: float) -> None:
    estimates, ages = zip(*cases, strict=True)
    plain = [abs(guess - age) for guess, age in cases]
    errors = age_errors(estimates, ages)
    assert mean_error(errors, rounds=5).value == pytest.approx(sum(plain) / len(plain))
    made = cumulative_score(errors, within)
    hits = sum(error <= within for error in plain)
    assert (made.value, made.interval) == (hits / len(plain), clopper_pearson(hits, len(plain)))


@given(st.lists(st.tuples(AGE, AGE, AGE), min_size=1, max_size=30))
@settings(deadline=None)
def test_ranges_against_plain_distances(cases: list[tuple[float, float, float]]) -> None:
    guesses = [guess for guess, _, _ in cases]
    lows, highs = [min(a, b) for _, a, b in cases], [max(a, b) for _, a, b in cases]
    plain = [
        low - guess if guess < low else guess - high if guess > high else 0.0
        for guess, low, high in zip(guesses, lows, highs, strict=True)
    ]
    assert range_errors(guesses, lows, highs).tolist() == plain


def test_by_hand() -> None:
    errors = age_errors([30, 42, 18], [25, 40, 28])
    assert errors.tolist() == [5, 2, 10]
    assert mean_error(errors).value == pytest.approx(17 / 3)
    assert cumulative_score(errors).value == pytest.approx(2 / 3)
    assert cumulative_score(errors, 4.9).value == pytest.approx(1 / 3)
    assert range_errors([75, 60], [70, 70], [np.inf, np.inf]).tolist() == [0, 10]
    assert gender_accuracy(["female", "male", "male"], ["female", "male", "female"]).value == pytest.approx(
        2 / 3
    )


def test_people_who_come_often_make_the_interval_wider() -> None:
    random = np.random.default_rng(0)
    errors, people = np.repeat(random.exponential(5, 30), 20), np.repeat(np.arange(30), 20).tolist()
    by_person, by_picture = mean_error(errors, people), mean_error(errors)
    assert by_person.interval is not None
    assert by_picture.interval is not None
    assert by_person.value in by_person.interval
    width = by_person.interval.high - by_person.interval.low
    assert width > 2 * (by_picture.interval.high - by_picture.interval.low)
    assert mean_error([3.0]).interval is None


def test_age_groups() -> None:
    assert age_groups([0, 9.9, 10, 69.5, 70, 116, -1]) == ["0-9", "0-9", "10-19", "60-69", "70+", "70+", None]
    assert age_groups([5, 20], [0, 10]) == ["0-9", None]
    for edges in ([0], [10, 0], [0, 0]):
        with pytest.raises(ValueError, match="edges"):
            age_groups([5], edges)


def test_error_by_age() -> None:
    ages = np.repeat([5.0, 25.0, 75.0], [40, 60, 10])
    made = error_by_age(np.repeat([1.0, 3.0, 9.0], [40, 60, 10]), ages, rounds=10)
    assert {name: one.value for name, one in made.figures.items()} == {"0-9": 1.0, "20-29": 3.0}
    assert made.left_out == {"70+": "10 cases, fewer than 30"}
    assert made.gap().ratio == 3


def test_hostile() -> None:
    for estimates, ages in (([np.nan], [30]), ([30], [30, 40]), ([[30]], [30]), ([30], [np.inf])):
        with pytest.raises(ValueError, match=r"estimates|ages"):
            age_errors(estimates, ages)
    for low, high in ((40, 30), (np.nan, 30), (10, np.nan), (10, -np.inf)):
        with pytest.raises(ValueError, match=r"ends|finite"):
            range_errors([35], [low], [high])
    with pytest.raises(ValueError, match="never negative"):
        mean_error([-1.0])
    for within in (-1, np.nan):
        with pytest.raises(ValueError, match="at least 0 years"):
            cumulative_score([1.0], within)
    with pytest.raises(ValueError, match="2 estimates for 1"):
        gender_accuracy(["female", "male"], ["male"])
    for figure in (mean_error, cumulative_score, lambda _: gender_accuracy([], [])):
        with pytest.raises(Undefined, match="no cases"):
            figure([])
