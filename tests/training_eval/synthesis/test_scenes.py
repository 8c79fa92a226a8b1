"""Scenes are whole pictures in which the face's box is right."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_portraits import Drawn, draw

from training_eval.synthesis.flat import Flat, box_through, placed, tilted
from training_eval.synthesis.optics import motion_blurred, noisy, shot
from training_eval.synthesis.scenes import ATTACKS, around, attack, behind, genuine, sized

BACKGROUND = np.full((90, 130, 3), (30, 90, 160), np.uint8)


@pytest.mark.parametrize("kind", ATTACKS)
@pytest.mark.parametrize("seed", range(5))
def test_an_attack_is_a_picture_with_most_of_the_face_in_it(portrait: Drawn, kind: str, seed: int) -> None:
    made = attack(kind, portrait.pixels, portrait.box, BACKGROUND, np.random.default_rng(seed))
    height, width = made.pixels.shape[:2]
    assert made.pixels.dtype == np.uint8
    assert min(height, width) >= 160
    left, top, across, down = made.box
    inside = (min(left + across, width) - max(left, 0)) * (min(top + down, height) - max(top, 0))
    assert inside > 0.9 * across * down
    assert 30 < max(across, down) < 400


@pytest.mark.parametrize("kind", ATTACKS)
def test_the_box_is_where_the_face_is(kind: str) -> None:
    """A face of pure green on black: its pixels' middle is the box's."""
    pixels = np.zeros((200, 200, 3), np.uint8)
    pixels[70:130, 80:120] = (0, 255, 0)
    box = np.array([80, 70, 40, 60], np.float32)
    for seed in range(6):
        made = attack(kind, pixels, box, np.zeros((50, 50, 3), np.uint8), np.random.default_rng(seed))
        values = made.pixels.astype(int)
        y, x = np.nonzero(values[..., 1] - values[..., [0, 2]].max(axis=2) > 40)
        middle = made.box[:2] + made.box[2:] / 2
        assert abs(np.median(x) - middle[0]) < 0.15 * made.box[2] + 3
        assert abs(np.median(y) - middle[1]) < 0.15 * made.box[3] + 3


@pytest.mark.parametrize("kind", ATTACKS)
def test_the_same_seed_gives_the_same_attack(portrait: Drawn, kind: str) -> None:
    first, again, other = (
        attack(kind, portrait.pixels, portrait.box, BACKGROUND, np.random.default_rng(seed))
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first.pixels, again.pixels)
    np.testing.assert_array_equal(first.box, again.box)
    assert first.pixels.shape != other.pixels.shape or (first.pixels != other.pixels).any()


def test_a_genuine_scene_without_strength_is_the_stored_photograph(portrait: Drawn) -> None:
    made = genuine(portrait.pixels, portrait.box, np.random.default_rng(0), strength=0)
    wanted = around(portrait.pixels, portrait.box, 4.4)
    np.testing.assert_array_equal(made.pixels, wanted.pixels)


def test_a_picture_beside_a_person_leaves_the_face_alone(portrait: Drawn) -> None:
    wide = np.pad(portrait.pixels, ((40, 40), (400, 400), (0, 0)), mode="edge")
    box = portrait.box + np.array([400, 40, 0, 0], np.float32)
    left, top, width, height = box.astype(int)
    beside = np.full((40, 40, 3), (255, 0, 255), np.uint8)
    changed = 0
    for seed in range(20):
        plain = genuine(wide, box, np.random.default_rng(seed), 0.0)
        made = genuine(wide, box, np.random.default_rng(seed), 0.0, beside)
        left, top, width, height = made.box.astype(int)
        face = (slice(top, top + height), slice(left, left + width))
        np.testing.assert_array_equal(made.pixels[face], plain.pixels[face])
        changed += int((made.pixels != plain.pixels).any())
    assert changed >= 4


@pytest.mark.parametrize("size", [(1, 1), (2, 30), (30, 2)])
@pytest.mark.parametrize("kind", [*ATTACKS, "live"])
def test_tiny_pictures(size: tuple[int, int], kind: str) -> None:
    pixels, box = np.full((*size, 3), 90, np.uint8), np.array([0, 0, 1, 1], np.float32)
    random = np.random.default_rng(0)
    made = (
        genuine(pixels, box, random, 1.0, pixels)
        if kind == "live"
        else attack(kind, pixels, box, pixels, random)
    )
    assert made.pixels.dtype == np.uint8


@pytest.mark.parametrize(
    "box", [(-40, -30, 80, 100), (200, 150, 90, 90), (-50, -50, 400, 400), (239, 199, 1, 1)]
)
def test_boxes_over_the_border(box: tuple[float, ...]) -> None:
    drawn, given = draw(), np.array(box, np.float32)
    made = around(drawn.pixels, given, 2.0)
    assert 0 < made.pixels.shape[0] <= drawn.pixels.shape[0]
    assert 0 < made.pixels.shape[1] <= drawn.pixels.shape[1]
    np.testing.assert_allclose(made.box[2:], given[2:])
    for kind in ATTACKS:
        assert attack(kind, drawn.pixels, given, BACKGROUND, np.random.default_rng(0)).pixels.size


def test_sizes_follow_the_face(portrait: Drawn) -> None:
    made = sized(around(portrait.pixels, portrait.box, 3.0), 50)
    assert max(made.box[2:]) == pytest.approx(50, abs=1)


def test_a_sheet_straight_on_covers_what_it_should() -> None:
    flat = Flat(
        np.ones((20, 40, 3), np.float32), np.ones((20, 40), np.float32), np.array([10, 5, 20, 10], np.float32)
    )
    corners = np.array([[30, 30], [110, 30], [110, 70], [30, 70]], np.float32)
    made = placed(flat, np.zeros((100, 140, 3), np.uint8), corners)
    np.testing.assert_allclose(made.box, [50, 40, 40, 20], atol=1e-3)
    assert (made.pixels[35:65, 35:105] == 255).all()
    assert not made.pixels[:25].any()


def test_corners_without_tilt_are_a_rectangle_about_the_origin() -> None:
    corners = tilted((40, 20), np.random.default_rng(0), 0.0)
    np.testing.assert_allclose(corners, [[-20, -10], [20, -10], [20, 10], [-20, 10]])
    np.testing.assert_allclose(box_through(np.array([1, 2, 3, 4], np.float32), np.eye(3)), [1, 2, 3, 4])


def test_the_camera_leaves_alone_what_it_is_told_to(portrait: Drawn) -> None:
    np.testing.assert_array_equal(shot(portrait.pixels, np.random.default_rng(0), 0), portrait.pixels)
    taken = shot(portrait.pixels, np.random.default_rng(0), 1.0)
    assert (taken != portrait.pixels).any()


def test_noise_has_the_wanted_deviation_at_white() -> None:
    white = np.ones((100, 100, 3), np.float32)
    assert noisy(white, np.random.default_rng(0), 0.05).std() == pytest.approx(0.05, rel=0.05)


def test_motion_blurs_along_its_direction() -> None:
    values = np.zeros((41, 41, 3), np.float32)
    values[20, 20] = 1
    made = motion_blurred(values, 9, 0.0)[..., 0]
    assert made[20].sum() == pytest.approx(1, abs=1e-5)
    assert (made[20] > 0).sum() == 9
    np.testing.assert_array_equal(motion_blurred(values, 1.0, 0.0), values)


def test_a_background_of_one_pixel_fills_the_scene() -> None:
    made = behind(np.full((1, 1, 3), 200, np.uint8), (50, 30), np.random.default_rng(0))
    assert made.shape == (30, 50, 3)
    assert made.std() < 40
