"""One to one, beside plain loops and cases done by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("sklearn", reason="needs the extra `train`")

from training_eval.metrics.arrays import Undefined
from training_eval.metrics.verification import (
    best_threshold,
    equal_error_rate,
    folded_accuracy,
    tar_at_far,
    verification_auc,
)


def plain_best(scores: list[float], same: list[bool]) -> float:
    """Highest accuracy of any threshold, by trying all."""
    tried = [-np.inf, np.inf, *scores]
    return max(
        sum((s >= t) == truth for s, truth in zip(scores, same, strict=True)) / len(scores) for t in tried
    )


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=30))
@settings(deadline=None)
def test_best_threshold_is_best(cases: list[tuple[int, bool]]) -> None:
    scores, same = [float(score) for score, _ in cases], [truth for _, truth in cases]
    threshold = best_threshold(np.array(scores), np.array(same))
    reached = np.mean((np.array(scores) >= threshold) == np.array(same))
    assert reached == pytest.approx(plain_best(scores, same))


def test_best_threshold_between_neighbouring_floats() -> None:
    low = 0.1
    high = float(np.nextafter(low, 1))
    threshold = best_threshold(np.array([low, high]), np.array([False, True]))
    assert low < threshold <= high


def test_folds_by_hand() -> None:
    """Fold 1 is judged at fold 0's threshold 0.5, where its pair of 0.4 is missed; fold 0 at (0.4 + 0.2) / 2."""
    scores, same = [0.8, 0.2, 0.4, 0.2], [True, False, True, False]
    made = folded_accuracy(scores, same, [0, 0, 1, 1])
    assert made.thresholds.tolist() == pytest.approx([0.3, 0.5])
    assert made.folds.tolist() == [1.0, 0.5]
    assert made.mean == 0.75
    assert made.standard_error == pytest.approx(0.25)
    assert made.count == 4


def test_a_fold_is_not_judged_by_its_own_pairs() -> None:
    """Scores mean nothing, so accuracy is that of guessing although each fold alone could be fitted."""
    random = np.random.default_rng(0)
    folds = np.repeat(np.arange(10), 2)
    reached = [folded_accuracy(random.random(20), np.tile([True, False], 10), folds).mean for _ in range(200)]
    assert np.mean(reached) == pytest.approx(0.5, abs=0.04)


def test_ten_folds_of_separable_pairs() -> None:
    scores = np.concatenate([np.linspace(0.6, 0.9, 50), np.linspace(0, 0.5, 50)])
    made = folded_accuracy(scores, np.arange(100) < 50, np.tile(np.arange(10), 10))
    assert (made.mean, made.standard_error, len(made.folds)) == (1.0, 0.0, 10)


def test_folds_refuse_what_is_unsound() -> None:
    for folds in ([0, 0], [0], [0, 1, 2]):
        with pytest.raises(ValueError, match="fold"):
            folded_accuracy([0.1, 0.2], [True, False], folds)
    with pytest.raises(Undefined, match="two classes"):
        folded_accuracy([0.1, 0.2], [True, True], [0, 1])


def test_tar_at_far_by_hand() -> None:
    impostors = np.arange(100) / 100
    genuine = [0.5, 0.90, 0.95, 0.985, 0.995]
    scores, same = np.concatenate([genuine, impostors]), np.arange(105) < 5
    # One impostor in a hundred may pass: 0.99. Above 0.98 lie two genuine pairs.
    made = tar_at_far(scores, same, 0.01)
    assert (made.value, made.count) == (0.4, 5)
    assert tar_at_far(scores, same, 0.1).value == 0.8
    assert tar_at_far(scores, same, 1.0).value == 1.0


def test_a_rate_that_the_pairs_cannot_show_is_undefined() -> None:
    scores, same = np.arange(60.0), np.arange(60) % 2 == 0
    assert tar_at_far(scores, same, 1 / 30, rounds=10).value > 0
    with pytest.raises(Undefined, match=r"0\.001 cannot be measured on 30 impostor pairs"):
        tar_at_far(scores, same, 1e-3)
    with pytest.raises(ValueError, match="rate"):
        tar_at_far(scores, same, 1.5)


def pairs(people: int, pictures: int, seed: int) -> tuple[np.ndarray, np.ndarray, list[tuple[Any, Any]]]:
    """All pairs of pictures of drawn people, some of whom are hard to tell."""
    random = np.random.default_rng(seed)
    hard = random.random(people) < 0.3
    names = np.repeat(np.arange(people), pictures)
    first, second = np.triu_indices(len(names), 1)
    same = names[first] == names[second]
    scores = random.normal(0, 1, len(first)) + same * np.where(hard[names[first]], 0.5, 4)
    return scores, same, list(zip(names[first].tolist(), names[second].tolist(), strict=True))


@pytest.mark.parametrize("figure", [equal_error_rate, verification_auc])
def test_people_make_the_interval_wider(figure: Any) -> None:
    scores, same, people = pairs(12, 6, 0)
    by_people, by_pairs = figure(scores, same, people=people, rounds=200), figure(scores, same, rounds=200)
    assert by_people.value == by_pairs.value
    assert by_people.value in by_people.interval
    width = by_people.interval.high - by_people.interval.low
    assert width > 1.3 * (by_pairs.interval.high - by_pairs.interval.low)


def test_tar_of_people_is_seeded_and_names_do_not_matter() -> None:
    scores, same, people = pairs(8, 4, 1)
    named = [(f"p{first}", f"p{second}") for first, second in people]
    one = tar_at_far(scores, same, 0.01, people=people, rounds=50, seed=7)
    assert one == tar_at_far(scores, same, 0.01, people=named, rounds=50, seed=7)
    assert one != tar_at_far(scores, same, 0.01, people=people, rounds=50, seed=8)
    assert one.interval is not None
    assert one.value in one.interval


def test_people_have_to_come_in_pairs() -> None:
    for people in ([(1, 2)], [(1, 2), (1, 2, 3)]):
        with pytest.raises(ValueError, match="two people"):
            verification_auc([0.1, 0.2], [True, False], people=people)  # type: ignore[arg-type]


@pytest.mark.parametrize("figure", [equal_error_rate, verification_auc])
def test_perfect_useless_and_reversed(figure: Any) -> None:
    same = np.arange(40) < 20
    perfect, useless, reversed_ = (
        figure(scores, same, rounds=20).value for scores in (same * 1.0, np.ones(40), 1.0 - same)
    )
    expected = (0, 0.5, 1) if figure is equal_error_rate else (1, 0.5, 0)
    assert (perfect, useless, reversed_) == pytest.approx(expected)
