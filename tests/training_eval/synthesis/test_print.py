"""A print has fewer colours, dots and grain; its sheet has edges; nothing depends on anything but the seed."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_portraits import Drawn, energy, saturation

from training_eval.synthesis.print import printed, sheet

SEEDS = range(8)


@pytest.mark.parametrize("seed", SEEDS)
def test_colours_and_contrast_shrink(portrait: Drawn, seed: int) -> None:
    made = printed(portrait.pixels, np.random.default_rng(seed))
    assert made.shape == portrait.pixels.shape
    assert made.dtype == np.uint8
    assert saturation(made) < saturation(portrait.pixels)
    low, high = np.percentile(portrait.pixels, (1, 99))
    darkest, lightest = np.percentile(made, (1, 99))
    assert lightest - darkest < high - low


def test_paper_has_grain_and_dots_where_the_picture_is_flat() -> None:
    flat = np.full((120, 120, 3), 140, np.uint8)
    grainy = [energy(printed(flat, np.random.default_rng(seed)), 0.1, 0.8) for seed in SEEDS]
    assert min(grainy) > 0.05
    assert np.median(grainy) > 1
    assert energy(flat, 0.1, 0.8) == 0


def test_the_same_seed_gives_the_same_print_and_another_one_another(portrait: Drawn) -> None:
    first, again, other = (printed(portrait.pixels, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_without_strength_nothing_is_changed(portrait: Drawn) -> None:
    made = printed(portrait.pixels, np.random.default_rng(0), strength=0)
    np.testing.assert_array_equal(made, portrait.pixels)
    assert made is not portrait.pixels


def test_the_given_picture_stays_as_it_was(portrait: Drawn) -> None:
    before = portrait.pixels.copy()
    sheet(portrait.pixels, portrait.box, np.random.default_rng(0))
    np.testing.assert_array_equal(portrait.pixels, before)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sheet_has_the_face_on_it_and_is_bent(portrait: Drawn, seed: int) -> None:
    made = sheet(portrait.pixels, portrait.box, np.random.default_rng(seed))
    height, width = made.opaque.shape
    assert made.surface.shape == (height, width, 3)
    edge = (height - portrait.pixels.shape[0]) // 2
    assert (width - portrait.pixels.shape[1]) // 2 == edge
    np.testing.assert_allclose(made.box, portrait.box + np.array([edge, edge, 0, 0]))
    left, top, across, down = made.box.astype(int)
    assert made.opaque[top : top + down, left : left + across].mean() > 0.9
    assert 0 <= made.opaque.min() <= made.opaque.max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (2, 2), (9, 1)])
def test_the_smallest_pictures_are_printed(size: tuple[int, int]) -> None:
    pixels = np.full((*size, 3), 90, np.uint8)
    assert printed(pixels, np.random.default_rng(0)).shape == pixels.shape
    made = sheet(pixels, np.array([0, 0, 1, 1], np.float32), np.random.default_rng(0))
    assert np.isfinite(made.surface).all()
