from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.errors import LowQuality
from models.processing.quality import FaceQuality, measure

FRONTAL = np.array([[0.34, 0.42], [0.66, 0.42], [0.5, 0.6], [0.37, 0.77], [0.63, 0.77]])


def _face(side: int, low: int = 40, high: int = 215) -> NDArray[np.uint8]:
    """A drawn face that fills a square: an oval, eyes, brows, nose and mouth."""
    canvas = np.full((1024, 1024, 3), low, np.uint8)
    ink, skin = (low, low, low), (high, high, high)
    cv2.ellipse(canvas, (512, 512), (380, 480), 0, 0, 360, skin, -1)
    for x in (348, 676):
        cv2.ellipse(canvas, (x, 430), (70, 32), 0, 0, 360, ink, 14)
        cv2.circle(canvas, (x, 430), 24, ink, -1)
        cv2.line(canvas, (x - 80, 360), (x + 80, 350), ink, 18)
    cv2.line(canvas, (512, 450), (480, 610), ink, 12)
    cv2.ellipse(canvas, (512, 780), (135, 40), 0, 0, 180, ink, 20)
    return np.asarray(cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _measured(face: NDArray[np.uint8], points: NDArray[np.float64] = FRONTAL) -> FaceQuality:
    side = face.shape[0]
    return measure(face, (0, 0, side, side), (points * side).astype(np.float32))


def test_a_good_face() -> None:
    quality = _measured(_face(400))
    assert quality.score > 0.9
    assert quality.size == 400
    assert abs(quality.yaw) < 2
    assert abs(quality.pitch) < 10
    assert abs(quality.roll) < 2


def test_sharpness_depends_on_the_face_and_not_on_the_resolution() -> None:
    sizes = [_measured(_face(side)).sharpness for side in (224, 448, 896)]
    assert max(sizes) - min(sizes) < 0.02


def test_blur_lowers_sharpness_and_score_step_by_step() -> None:
    face = _face(448)
    blurred = [face, *(cv2.GaussianBlur(face, (0, 0), sigma) for sigma in (4, 9, 20))]
    qualities = [_measured(np.asarray(one, np.uint8)) for one in blurred]
    sharp = [one.sharpness for one in qualities]
    assert sharp == sorted(sharp, reverse=True)
    assert sharp[0] > 0.8
    assert sharp[-1] < 0.1
    assert qualities[-1].score < 0.15


def test_a_small_face_enlarged_is_not_sharp() -> None:
    small = cv2.resize(_face(28), (448, 448), interpolation=cv2.INTER_LINEAR)
    assert _measured(np.asarray(small, np.uint8)).sharpness < _measured(_face(448)).sharpness - 0.2


@pytest.mark.parametrize(("value", "expected"), [(0, 0.0), (128, 128 / 255), (255, 1.0)])
def test_brightness_of_flat_pictures(value: int, expected: float) -> None:
    quality = _measured(np.full((200, 200, 3), value, np.uint8))
    assert quality.brightness == pytest.approx(expected, abs=0.002)
    assert quality.sharpness == 0
    assert quality.score == 0


def test_luma_weighs_green_most() -> None:
    blue, green, red = (
        _measured(np.full((120, 120, 3), colour, np.uint8)).brightness
        for colour in ((200, 0, 0), (0, 200, 0), (0, 0, 200))
    )
    assert green > red > blue


def test_too_dark_and_too_bright_cost_score() -> None:
    good = _measured(_face(300)).score
    assert _measured(_face(300, 0, 45)).score < 0.7 * good
    assert _measured(_face(300, 235, 255)).score < 0.7 * good


@pytest.mark.parametrize("side", [14, 28, 56, 112])
def test_size_is_the_shorter_side_and_costs_score_below_the_input_of_a_network(side: int) -> None:
    face = np.tile(_face(112)[:side, :side], (2, 2, 1))
    quality = measure(face, (0, 0, 2 * side, side), (FRONTAL * side).astype(np.float32))
    assert quality.size == side
    assert quality.score <= side / 112


def test_turning_away_costs_score_and_rolling_does_not() -> None:
    face = _face(300)
    turned = FRONTAL.copy()
    turned[2, 0] += 0.12
    assert _measured(face, turned).yaw > 20
    assert _measured(face, turned).score < 0.95 * _measured(face).score
    angle = math.radians(40)
    spin = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    rolled = _measured(face, (FRONTAL - 0.5) @ spin + 0.5)
    assert rolled.roll == pytest.approx(40, abs=2)
    assert rolled.score == pytest.approx(_measured(face).score, rel=0.01)


@pytest.mark.parametrize("scale", [0.5, 0.25])
def test_a_reduced_picture_is_measured_at_the_same_place(scale: float) -> None:
    picture = np.full((1600, 2000, 3), 10, np.uint8)
    picture[400:1300, 700:1600] = _face(900)
    box = (700, 400, 900, 900)
    points = (FRONTAL * 900 + (700, 400)).astype(np.float32)
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    full, reduced = measure(picture, box, points), measure(np.asarray(small, np.uint8), box, points, scale)
    assert reduced.size == full.size == 900
    assert reduced.brightness == pytest.approx(full.brightness, abs=0.01)
    assert reduced.sharpness == pytest.approx(full.sharpness, abs=0.03)
    assert (reduced.yaw, reduced.pitch, reduced.roll) == (full.yaw, full.pitch, full.roll)


def test_points_without_a_pose_score_nothing() -> None:
    quality = _measured(_face(300), np.full((5, 2), 0.5))
    assert (quality.yaw, quality.pitch, quality.roll, quality.score) == (0, 0, 0, 0)
    assert quality.sharpness > 0


@pytest.mark.parametrize("box", [(0, 0, 0, 10), (0, 0, math.nan, 10)])
def test_a_box_without_area(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(LowQuality):
        measure(_face(50), box, FRONTAL.astype(np.float32))


_number = st.floats(-300, 600, width=32)
_size = st.floats(0.5, 900, width=32)


@given(_number, _number, _size, _size, st.lists(_number, min_size=10, max_size=10))
@settings(max_examples=150, deadline=None)
def test_any_box_and_points_stay_within_bounds(
    x: float, y: float, w: float, h: float, points: list[float]
) -> None:
    quality = measure(_face(200), (x, y, w, h), np.array(points, np.float32).reshape(5, 2))
    assert 0 <= quality.score <= 1
    assert 0 <= quality.sharpness < 1
    assert 0 <= quality.brightness <= 1
    assert quality.size == min(w, h)
    assert all(map(math.isfinite, (quality.yaw, quality.pitch, quality.roll)))
