"""What is wrong with an array is said before a figure is made of it."""

from __future__ import annotations

import numpy as np
import pytest

from training_eval.metrics.arrays import boxes, codes, flags, numbers


@pytest.mark.parametrize("given", [[[1.0]], 1.0, [np.nan], [np.inf], [None]])
def test_numbers_refuses(given: object) -> None:
    with pytest.raises(ValueError, match="scores"):
        numbers(given, "scores")  # type: ignore[arg-type]


def test_numbers_refuses_another_length_and_words() -> None:
    with pytest.raises(ValueError, match="scores has 2 entries, and there are 3 cases"):
        numbers([1, 2], "scores", 3)
    with pytest.raises(ValueError, match="could not convert"):
        numbers(["high"], "scores")


@pytest.mark.parametrize("given", [["False", "True"], [0, 2], [0.5, 1], [None, True], [np.nan, 1.0]])
def test_flags_takes_no_word_for_a_yes(given: list[object]) -> None:
    with pytest.raises(ValueError, match="yes or no"):
        flags(given, "same", 2)  # type: ignore[arg-type]


def test_flags_takes_bools_zeros_and_ones() -> None:
    for given in ([True, False], [1, 0], [1.0, 0.0], np.array([1, 0], np.uint8)):
        assert flags(given, "same", 2).tolist() == [True, False]


def test_codes_come_in_order() -> None:
    assert codes(["b", "a", "b", "c"], "people", 4).tolist() == [0, 1, 0, 2]
    with pytest.raises(ValueError, match="people has 1 entries"):
        codes(["a"], "people", 2)


@pytest.mark.parametrize("given", [[[1, 2, 3]], [1, 2, 3, 4], [[0, 0, -1, 5]], [[0, 0, np.nan, 5]]])
def test_boxes_refuses(given: object) -> None:
    with pytest.raises(ValueError, match="faces"):
        boxes(given, "faces")  # type: ignore[arg-type]


def test_no_boxes_are_boxes() -> None:
    assert boxes([], "faces").shape == (0, 4)
