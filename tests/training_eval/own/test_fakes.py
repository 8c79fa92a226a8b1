"""Pairs for the forgery network differ in the forgery alone; swaps are made where they fit."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_material import drawn_part, face_of
from drawn_portraits import draw

from training_eval.own.fakes import Method, blended, pair, portrait, storing, swapped, tinted


@pytest.mark.parametrize("seed", range(8))
def test_a_pair_is_one_face_twice(seed: int) -> None:
    genuine, forged = pair(drawn_part(), np.random.default_rng(seed))
    assert genuine.pixels.shape == forged.pixels.shape
    np.testing.assert_array_equal(genuine.box, forged.box)
    assert (genuine.pixels != forged.pixels).any()


def test_the_same_seed_gives_the_same_pair() -> None:
    first, again = (pair(drawn_part(), np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first[0].pixels, again[0].pixels)
    np.testing.assert_array_equal(first[1].pixels, again[1].pixels)


def test_a_grey_pair_has_one_colour() -> None:
    part = drawn_part(2, 2)
    for seed in range(12):
        random = np.random.default_rng(seed)
        genuine, forged = (tinted(made.pixels, np.array([1.0, 0.9, 1.1])) for made in pair(part, random))
        for pixels in (genuine, forged):
            values = pixels.astype(float)
            assert np.abs(values[..., 1] - 0.9 * values[..., 0]).max() <= 1.1


def test_without_a_tint_colours_stay() -> None:
    pixels = draw().pixels
    np.testing.assert_array_equal(tinted(pixels, None), pixels)


def test_a_portrait_shrinks_with_its_points_and_never_grows() -> None:
    face = face_of(draw(400, 360))
    plain, small = portrait(face), portrait(face, 60)
    assert portrait(face, 10_000).pixels.shape == plain.pixels.shape
    assert small.side == pytest.approx(60, abs=1)
    factor = small.pixels.shape[1] / plain.pixels.shape[1]
    np.testing.assert_allclose(small.points, plain.points * factor, atol=1.0)
    x, y = plain.points[0].astype(int)
    assert plain.pixels[y, x].sum() < 250  # the drawn eye is dark


def test_a_forgery_shows() -> None:
    made = portrait(face_of(draw(400, 360)))
    for seed in range(6):
        changed = (blended(made, np.random.default_rng(seed)) != made.pixels).any(axis=2)
        assert changed.sum() > 0.02 * np.prod(made.box[2:])


@pytest.mark.parametrize("method", ["alpha", "poisson"])
def test_faces_that_fit_are_swapped_and_others_are_not(method: Method) -> None:
    target, source = portrait(face_of(draw(300, 260))), portrait(face_of(draw(300, 260, 9)))
    made = swapped(target, source, np.random.default_rng(0), method)
    assert made is not None
    assert made.shape == target.pixels.shape
    assert (made != target.pixels).any()
    profile = source.points.copy()
    profile[:, 0] = profile[:, 0].mean() + 0.1 * (profile[:, 0] - profile[:, 0].mean())
    turned = type(source)(source.pixels, source.box, profile)
    assert swapped(target, turned, np.random.default_rng(0), method) is None
    pointless = type(source)(source.pixels, source.box, np.zeros((5, 2), np.float32))
    assert swapped(target, pointless, np.random.default_rng(0), method) is None


def test_every_way_of_storing_keeps_the_size() -> None:
    pixels = draw(121, 97).pixels
    for seed in range(25):
        assert storing(np.random.default_rng(seed))(pixels).shape == pixels.shape
