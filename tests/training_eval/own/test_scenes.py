"""Crops show what they say they show, at the place and size that were drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from training_eval.own.disturbance import compressed, disturb
from training_eval.own.placement import Placement, Source
from training_eval.own.scenes import Scenes, drawn

GREY = 90


def photograph(height: int = 300, width: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """A bright disc of 40 px on grey at (220, 120), and its box."""
    pixels = np.full((height, width, 3), GREY, np.uint8)
    cv2.circle(pixels, (220, 120), 20, (250, 250, 250), -1)
    return pixels, np.array([[200, 100, 40, 40]], np.float32)


@pytest.fixture(scope="module")
def source() -> Source:
    return Source(*photograph(), 1.0)


def bright(crop: np.ndarray) -> tuple[float, float, float]:
    """Centre and diameter of what is bright."""
    rows, columns = np.nonzero(crop.mean(2) > 170)
    return float(columns.mean()), float(rows.mean()), 2 * float(np.sqrt(len(rows) / np.pi))


@pytest.mark.parametrize("scale", [0.2, 0.5, 0.74, 1.0, 2.5])
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("angle", [0.0, 30.0])
def test_a_point_comes_to_its_target_at_its_scale(
    source: Source, scale: float, flip: bool, angle: float
) -> None:
    placement = Placement((220, 120), (50, 70), scale, angle, flip, 1.0)
    x, y, diameter = bright(placement.show(source, 128, cv2.BORDER_REPLICATE))
    assert (x, y) == pytest.approx((50, 70), abs=1.2)
    assert diameter == pytest.approx(40 * scale, rel=0.12, abs=1.0)


def test_small_copies_are_averaged(source: Source) -> None:
    """Fine texture becomes its mean and not a pattern."""
    noise = np.random.default_rng(0).integers(0, 2, (400, 400, 1), np.uint8).repeat(3, 2) * 255
    textured = Source(noise, np.zeros((0, 4), np.float32), 1.0)
    crop = Placement((200, 200), (32, 32), 0.15, 0.0, False, 1.0).show(textured, 48, cv2.BORDER_REFLECT_101)
    assert crop.astype(float).std() < 40
    assert crop.mean() == pytest.approx(127, abs=6)


def test_large_photographs_are_reduced_with_their_boxes() -> None:
    pixels, boxes = photograph()
    large = Source(cv2.resize(pixels, None, fx=8, fy=8), boxes * 8, 1.0)
    assert large.levels[0].shape[:2] == (1200, 1600)
    np.testing.assert_allclose(large.boxes, boxes * 4)


def test_the_same_numbers_draw_the_same_crop(source: Source) -> None:
    scenes = Scenes([source, Source(np.zeros((80, 80, 3), np.uint8), np.zeros((0, 4), np.float32), 0.3)])

    def crops(seed: int) -> np.ndarray:
        random = np.random.default_rng(seed)
        return np.stack([disturb(random, scenes.draw(random, 64)) for _ in range(30)])

    first = crops(1)
    assert first.shape == (30, 64, 64, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, crops(1))
    assert (first != crops(2)).any()


def test_sources_are_drawn_by_their_weights_and_left_as_they_are() -> None:
    dark = Source(np.zeros((90, 90, 3), np.uint8), np.zeros((0, 4), np.float32), 0.0)
    light = Source(np.full((90, 90, 3), 200, np.uint8), np.array([[30, 30, 20, 20]], np.float32), 1.0)
    scenes, random = Scenes([dark, light]), np.random.default_rng(0)
    before = [level.copy() for level in light.levels]
    views = [scenes._view(random, 64) for _ in range(40)]
    assert all(view.max() >= 199 for view in views)
    for _ in range(40):
        disturb(random, scenes.draw(random, 64))
    for level, old in zip(light.levels, before, strict=True):
        np.testing.assert_array_equal(level, old)


def test_drawn_pictures_differ_and_fill_their_range() -> None:
    random = np.random.default_rng(0)
    made = np.stack([drawn(random, 64) for _ in range(20)])
    assert len({picture.tobytes() for picture in made}) == 20
    assert made.min() < 20
    assert made.max() > 235


def test_a_worse_file_is_further_from_the_picture() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    errors = [np.abs(compressed(pixels, q).astype(int) - pixels).mean() for q in (95, 50, 10)]
    assert errors == sorted(errors)
