"""What is made once is kept; variation keeps crops crops."""

from __future__ import annotations

import numpy as np
import pytest

from training_eval.own.judged import Item, Judged, varied


class Counting:
    def __init__(self) -> None:
        self.made = 0

    def __call__(self, random: np.random.Generator) -> Item:
        self.made += 1
        value = int(random.integers(256))
        return np.full((4, 4, 3), value, np.uint8), np.array([value / 255], np.float32)


def test_items_are_made_once_and_are_the_same_in_every_run() -> None:
    make = Counting()
    first, second = Judged(10, make), Judged(10, Counting())
    numbers = np.array([3, 1, 3])
    crops, answers = first.get(numbers)
    first.get(numbers)
    assert make.made == 2
    assert crops.shape == (3, 4, 4, 3)
    assert answers.shape == (3, 1)
    again, answered = second.get(np.array([1, 3]))
    np.testing.assert_array_equal(again, crops[[1, 0]])
    np.testing.assert_array_equal(answered, answers[[1, 0]])
    np.testing.assert_allclose(crops[:, 0, 0, 0] / 255, answers[:, 0])


def test_another_seed_gives_other_items() -> None:
    everything = np.arange(10)
    assert (
        Judged(10, Counting(), 1).get(everything)[1] != Judged(10, Counting(), 2).get(everything)[1]
    ).any()


def test_a_draw_repeats_items_only_where_there_are_too_few() -> None:
    pool = Judged(10, Counting())
    drawn = pool.draw(np.random.default_rng(0), 10)[1]
    np.testing.assert_allclose(np.sort(drawn[:, 0]), np.sort(pool.get(np.arange(10))[1][:, 0]))
    assert len(pool.draw(np.random.default_rng(0), 25)[0]) == 25
    assert len(pool) == 10


def test_variation_is_random_within_limits_and_repeatable() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    first, again, other = (varied(crops, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.shape == crops.shape
    assert first.dtype == np.float32
    assert first.min() >= 0
    assert first.max() <= 255
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1


def test_about_half_are_mirrored() -> None:
    crop = np.zeros((1, 8, 8, 3), np.uint8)
    crop[:, :, :4] = 200
    made = varied(np.repeat(crop, 200, axis=0), np.random.default_rng(0))
    right = (made[:, :, 4:].mean((1, 2, 3)) > made[:, :, :4].mean((1, 2, 3))).mean()
    assert right == pytest.approx(0.5, abs=0.12)
