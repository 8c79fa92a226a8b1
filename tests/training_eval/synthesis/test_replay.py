"""A screen has a grid that meets the camera's, reflections and a frame."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_portraits import Drawn, energy

from training_eval.synthesis.optics import to_unit
from training_eval.synthesis.replay import displayed, moire, screen

SEEDS = range(8)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_grid_adds_power_at_some_frequency_where_the_picture_is_flat(seed: int) -> None:
    flat = np.full((128, 128, 3), 0.5, np.float32)
    made = moire(flat, np.random.default_rng(seed), depth=0.2)
    power = np.abs(np.fft.fft2(made[..., 1] - made[..., 1].mean())) ** 2
    strongest = np.sort(power.ravel())[::-1]
    assert made.std() > 0.02
    # A wave, not noise: a hundredth of the frequencies holds most of its power.
    assert strongest[: power.size // 100].sum() > 0.5 * power.sum()


def test_stripes_of_the_three_colours_are_shifted_against_each_other() -> None:
    made = moire(np.full((128, 128, 3), 0.5, np.float32), np.random.default_rng(1), depth=0.3)
    blue, green, red = (made[..., channel].ravel() for channel in range(3))
    assert np.corrcoef(blue, green)[0, 1] < 0.9
    assert np.corrcoef(green, red)[0, 1] < 0.9


def test_no_depth_is_no_moire(portrait: Drawn) -> None:
    values = to_unit(portrait.pixels)
    np.testing.assert_array_equal(moire(values, np.random.default_rng(0), 0.0), values)


def test_displays_differ_in_flat_places() -> None:
    flat = np.full((120, 120, 3), 140, np.uint8)
    made = [displayed(flat, np.random.default_rng(seed)) for seed in SEEDS]
    assert all(picture.dtype == np.uint8 and picture.shape == flat.shape for picture in made)
    assert sum(energy(picture, 0.02, 0.8) > 0.2 for picture in made) >= len(made) - 1


def test_the_same_seed_gives_the_same_display_and_another_one_another(portrait: Drawn) -> None:
    first, again, other = (displayed(portrait.pixels, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_without_strength_nothing_is_changed(portrait: Drawn) -> None:
    made = displayed(portrait.pixels, np.random.default_rng(0), strength=0)
    np.testing.assert_array_equal(made, portrait.pixels)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_device_has_a_frame_of_one_shade(portrait: Drawn, seed: int) -> None:
    made = screen(portrait.pixels, portrait.box, np.random.default_rng(seed))
    left, top = (made.box[:2] - portrait.box[:2]).astype(int)
    height, width = portrait.pixels.shape[:2]
    assert made.surface.shape[0] >= height
    frame = np.ones(made.opaque.shape, bool)
    frame[top : top + height, left : left + width] = False
    assert not frame.any() or made.surface[frame].std() < 1e-6
    assert made.opaque[made.opaque.shape[0] // 2, made.opaque.shape[1] // 2] == 1


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (2, 2), (9, 1)])
def test_the_smallest_pictures_are_displayed(size: tuple[int, int]) -> None:
    pixels = np.full((*size, 3), 90, np.uint8)
    assert displayed(pixels, np.random.default_rng(0)).shape == pixels.shape
    made = screen(pixels, np.array([0, 0, 1, 1], np.float32), np.random.default_rng(0))
    assert np.isfinite(made.surface).all()
