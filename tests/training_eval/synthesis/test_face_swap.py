"""A swapped face is the other's, in the target's colours, inside the mask alone."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from drawn_portraits import Drawn, draw

from models.errors import LowQuality
from training_eval.synthesis.face_swap import face_swapped, recoloured

METHODS: tuple[Literal["alpha", "poisson"], ...] = ("alpha", "poisson")


@pytest.mark.parametrize("method", METHODS)
def test_outside_the_mask_the_target_stays(
    portrait: Drawn, other: Drawn, method: Literal["alpha", "poisson"]
) -> None:
    made = face_swapped(
        portrait.pixels, portrait.points, other.pixels, other.points, np.random.default_rng(0), method
    )
    outside = made.mask == 0
    assert made.pixels.shape == portrait.pixels.shape
    np.testing.assert_array_equal(made.target, portrait.pixels)
    np.testing.assert_array_equal(made.pixels[outside], portrait.pixels[outside])
    assert (made.pixels[made.mask > 0.9] != portrait.pixels[made.mask > 0.9]).any()


def test_the_sources_features_come_to_the_targets_points(portrait: Drawn) -> None:
    other = draw(480, 400, seed=9)
    plain = portrait.pixels.copy()
    left, top, width, height = portrait.box.astype(int)
    plain[top : top + height, left : left + width] = (120, 150, 210)  # no features of its own
    made = face_swapped(plain, portrait.points, other.pixels, other.points, np.random.default_rng(0))
    eye, cheek = portrait.points[0].astype(int), (portrait.points[0] + [0, 18]).astype(int)
    assert int(made.pixels[eye[1], eye[0]].sum()) + 60 < int(made.pixels[cheek[1], cheek[0]].sum())


def test_colours_become_the_targets(portrait: Drawn) -> None:
    blue = np.clip(portrait.pixels + np.array([80, -40, -60]), 0, 255).astype(np.uint8)
    mask = np.ones(blue.shape[:2], np.float32)
    made = recoloured(blue, portrait.pixels, mask)
    before, after = (
        np.abs(picture.mean((0, 1)) - portrait.pixels.mean((0, 1))).max() for picture in (blue, made)
    )
    assert after < 0.25 * before
    np.testing.assert_array_equal(recoloured(blue, portrait.pixels, 0 * mask), blue)


@pytest.mark.parametrize("method", METHODS)
def test_a_face_at_the_border_is_swapped(
    portrait: Drawn, other: Drawn, method: Literal["alpha", "poisson"]
) -> None:
    for shift in ((-80, 0), (0, -90), (90, 80), (400, 400)):
        points = portrait.points + np.array(shift, np.float32)
        made = face_swapped(
            portrait.pixels, points, other.pixels, other.points, np.random.default_rng(1), method
        )
        np.testing.assert_array_equal(made.pixels[made.mask == 0], portrait.pixels[made.mask == 0])


def test_points_that_are_no_face_are_refused(portrait: Drawn, other: Drawn) -> None:
    with pytest.raises(LowQuality):
        face_swapped(
            portrait.pixels,
            portrait.points,
            other.pixels,
            np.zeros((5, 2), np.float32),
            np.random.default_rng(0),
        )
