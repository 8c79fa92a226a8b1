"""A self-blended face is changed inside its mask and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_portraits import Drawn, draw

from models.errors import LowQuality
from training_eval.synthesis.regions import OUTLINES, elastic, outline, region, softened
from training_eval.synthesis.self_blended import altered, blend, self_blended

SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_outside_the_mask_nothing_is_changed_and_inside_something_is(portrait: Drawn, seed: int) -> None:
    made = self_blended(portrait.pixels, portrait.points, np.random.default_rng(seed))
    outside = made.mask == 0
    assert made.pixels.dtype == np.uint8
    assert made.pixels.shape == portrait.pixels.shape
    np.testing.assert_array_equal(made.pixels[outside], made.target[outside])
    assert (made.pixels[~outside] != made.target[~outside]).any()
    assert 0 < made.mask.max() <= 1
    assert outside.mean() > 0.4


def test_often_the_surroundings_are_the_genuine_picture_itself(portrait: Drawn) -> None:
    made = [self_blended(portrait.pixels, portrait.points, np.random.default_rng(seed)) for seed in range(40)]
    genuine = sum((picture.target == portrait.pixels).all() for picture in made)
    assert 10 <= genuine <= 30


def test_the_mask_lies_on_the_face(portrait: Drawn) -> None:
    total = np.zeros(portrait.pixels.shape[:2])
    for seed in range(30):
        total += self_blended(portrait.pixels, portrait.points, np.random.default_rng(seed)).mask
    y, x = (np.average(grid, weights=total) for grid in np.mgrid[: total.shape[0], : total.shape[1]])
    left, top, width, height = portrait.box
    assert left + 0.3 * width < x < left + 0.7 * width
    assert top + 0.3 * height < y < top + 0.75 * height


def test_the_same_seed_gives_the_same_forgery_and_another_one_another(portrait: Drawn) -> None:
    first, again, other = (
        self_blended(portrait.pixels, portrait.points, np.random.default_rng(seed)) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first.pixels, again.pixels)
    np.testing.assert_array_equal(first.mask, again.mask)
    assert (first.pixels != other.pixels).any()


def test_without_strength_nothing_is_changed(portrait: Drawn) -> None:
    made = self_blended(portrait.pixels, portrait.points, np.random.default_rng(0), strength=0)
    np.testing.assert_array_equal(made.pixels, portrait.pixels)
    assert not made.mask.any()


def test_blending_keeps_the_target_bit_for_bit_where_the_weight_is_nothing() -> None:
    random = np.random.default_rng(0)
    source, target = random.integers(0, 256, (2, 40, 40, 3), dtype=np.uint8)
    weight = np.zeros((40, 40), np.float32)
    weight[10:20, 10:20] = 1
    weight[20:30, 20:30] = 0.5
    made = blend(source, target, weight)
    np.testing.assert_array_equal(made[weight == 0], target[weight == 0])
    np.testing.assert_array_equal(made[weight == 1], source[weight == 1])
    mean = (source[weight == 0.5].astype(float) + target[weight == 0.5]) / 2
    assert np.abs(made[weight == 0.5] - mean).max() <= 1


def test_a_softened_mask_grows_nowhere_and_has_an_edge() -> None:
    mask = np.zeros((80, 80), np.float32)
    mask[20:60, 20:60] = 1
    made = softened(mask, 3.0)
    assert (made <= mask).all()
    assert made[40, 40] == pytest.approx(1, abs=0.02)
    assert ((made > 0.05) & (made < 0.95)).sum() > 100
    np.testing.assert_array_equal(softened(mask, 0.0), mask)


def test_a_mask_is_bent_and_keeps_its_size_roughly() -> None:
    mask = np.zeros((80, 80), np.float32)
    mask[20:60, 20:60] = 1
    made = elastic(mask, np.random.default_rng(0), reach=3.0, smooth=15.0)
    assert (made != mask).any()
    assert 0.6 < made.sum() / mask.sum() < 1.5
    np.testing.assert_array_equal(elastic(mask, np.random.default_rng(0), reach=0.0, smooth=15.0), mask)


@pytest.mark.parametrize("kind", range(len(OUTLINES)))
def test_a_region_turns_with_the_face(kind: int) -> None:
    upright = np.array([[40, 40], [60, 40], [50, 50], [42, 60], [58, 60]], np.float32)
    turned = np.array([[60, 40], [60, 60], [50, 50], [40, 42], [40, 58]], np.float32)
    first, second = (region((100, 100), outline(points, kind)) for points in (upright, turned))
    assert first.sum() > 200
    assert first.sum() == pytest.approx(second.sum(), rel=0.1)
    overlap = np.minimum(np.rot90(first, -1), second).sum() / np.maximum(np.rot90(first, -1), second).sum()
    assert overlap > 0.85


def test_alteration_keeps_shape_and_changes_colour(portrait: Drawn) -> None:
    made = altered(portrait.pixels, np.random.default_rng(0), 1.0)
    assert made.shape == portrait.pixels.shape
    assert (made != portrait.pixels).mean() > 0.5


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 2)])
def test_tiny_pictures(size: tuple[int, int]) -> None:
    pixels = np.full((*size, 3), 90, np.uint8)
    made = self_blended(pixels, np.zeros((5, 2), np.float32), np.random.default_rng(0))
    assert made.pixels.shape == pixels.shape


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_landmarks_that_are_no_numbers_are_refused(portrait: Drawn, value: float) -> None:
    points = portrait.points.copy()
    points[2, 0] = value
    with pytest.raises(LowQuality):
        self_blended(portrait.pixels, points, np.random.default_rng(0))


@pytest.mark.parametrize("shift", [(-60, 0), (0, -70), (150, 120), (1e9, 1e9)])
def test_faces_at_and_beyond_the_border(shift: tuple[float, float]) -> None:
    drawn = draw()
    points = drawn.points + np.array(shift, np.float32)
    for seed in range(4):
        made = self_blended(drawn.pixels, points, np.random.default_rng(seed))
        np.testing.assert_array_equal(made.pixels[made.mask == 0], made.target[made.mask == 0])
