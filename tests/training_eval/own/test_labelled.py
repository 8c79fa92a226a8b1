from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from training_eval.own.labelled import Pool


class Counting:
    """Makes crops of one random grey, and tells that grey."""

    def __init__(self) -> None:
        self.made, self.asked = 0, 0

    def crop(self, random: np.random.Generator) -> np.ndarray:
        self.made += 1
        return np.full((4, 4, 3), random.integers(256), np.uint8)

    def teach(self, crops: np.ndarray) -> dict[str, np.ndarray]:
        self.asked += len(crops)
        return {"grey": crops[:, 0, 0, :1].astype(np.float32)}

    def pool(self, size: int = 20, seed: int = 1) -> Pool:
        return Pool(size, 4, self.crop, self.teach, seed)


def test_answers_belong_to_their_crops() -> None:
    crops, answers = Counting().pool().draw(np.random.default_rng(0), 8)
    assert crops.shape == (8, 4, 4, 3)
    np.testing.assert_array_equal(answers["grey"][:, 0], crops[:, 0, 0, 0])


def test_a_crop_is_made_and_asked_about_once() -> None:
    counting = Counting()
    pool = counting.pool()
    for seed in range(50):
        pool.draw(np.random.default_rng(seed), 8)
    assert counting.made == counting.asked == len(pool) == 20


def test_a_crop_does_not_depend_on_when_it_is_asked_for() -> None:
    late = Counting().pool()
    late.draw(np.random.default_rng(9), 5)
    numbers = np.arange(20)
    np.testing.assert_array_equal(late.get(numbers)[0], Counting().pool().get(numbers[::-1])[0][::-1])


def test_another_seed_gives_other_crops() -> None:
    numbers = np.arange(20)
    first, second = (Counting().pool(seed=seed).get(numbers)[0] for seed in (1, 2))
    assert not np.array_equal(first, second)


def test_more_than_there_are_gives_all() -> None:
    crops, _ = Counting().pool(size=3).draw(np.random.default_rng(0), 8)
    assert len(crops) == 3


def test_threads_that_draw_at_once_get_whole_crops() -> None:
    pool = Counting().pool(size=200)
    wanted = Counting().pool(size=200).get(np.arange(200))[0]

    def draw(seed: int) -> bool:
        numbers = np.random.default_rng(seed).choice(200, 50, replace=False)
        crops, answers = pool.get(numbers)
        same = np.array_equal(crops, wanted[numbers])
        return same and np.array_equal(answers["grey"][:, 0], crops[:, 0, 0, 0])

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(draw, range(40)))
