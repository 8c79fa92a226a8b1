from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawn_canvases import drawn_bank, drawn_canvas

from models.catalogue.card import CropRule
from models.errors import LowQuality
from models.runtime.detector import Detection
from training_eval.calibration.faces import Face
from training_eval.errors import DataMissing
from training_eval.own.crops import CROP, POINTS, SIDE, TEMPLATE, Bank, canvas_of, cut_aligned, cut_square

SQUARE = CropRule(kind="square")


def _face(points: np.ndarray) -> Face:
    """A picture whose dots lie at the points, and a box of 80 x 100 about their middle."""
    pixels = np.zeros((300, 400, 3), np.uint8)
    for x, y in points:
        cv2.circle(pixels, (round(float(x)), round(float(y))), 3, (255, 255, 255), -1)
    middle = points.mean(axis=0)
    box = np.array([middle[0] - 40, middle[1] - 50, 80, 100], np.float32)
    return Face(pixels, Detection(box, points.astype(np.float32), 1.0))


def _turned(degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (TEMPLATE - 56) @ turn.T * 0.8 + [200, 150]


@pytest.mark.parametrize("degrees", [0.0, 25.0, -40.0])
def test_a_canvas_has_the_landmarks_where_all_canvases_have_them(degrees: float) -> None:
    canvas = canvas_of(_face(_turned(degrees)))
    assert canvas.pixels.shape == (SIDE, SIDE, 3)
    assert canvas.pixels.dtype == np.uint8
    for x, y in POINTS:
        assert canvas.pixels[round(float(y)), round(float(x))].min() > 200


def test_the_box_grows_with_the_face_and_keeps_its_middle() -> None:
    canvas = canvas_of(_face(_turned(25.0)))
    factor = SIDE / 168 / 0.8
    np.testing.assert_allclose(canvas.box[2:], [80 * factor, 100 * factor], rtol=1e-3)
    np.testing.assert_allclose(canvas.box[:2] + canvas.box[2:] / 2, POINTS.mean(axis=0), atol=0.5)


def test_a_face_whose_points_coincide_is_refused() -> None:
    with pytest.raises(LowQuality):
        canvas_of(_face(np.full((5, 2), 100.0)))


def test_the_aligned_crop_has_the_landmarks_near_the_template() -> None:
    canvas = canvas_of(_face(TEMPLATE + 100))
    for seed in range(5):
        crop = cut_aligned(canvas, np.random.default_rng(seed))
        assert crop.shape == (CROP, CROP, 3)
        for x, y in TEMPLATE:
            around = crop[
                round(float(y)) - 6 : round(float(y)) + 7, round(float(x)) - 6 : round(float(x)) + 7
            ]
            assert around.max() > 150


def test_the_square_crop_follows_the_box() -> None:
    canvas = drawn_canvas(1)
    wide = cut_square(canvas, CropRule(kind="square", scale=1.2), np.random.default_rng(3))
    near = cut_square(canvas, SQUARE, np.random.default_rng(3))
    assert wide.shape == near.shape == (CROP, CROP, 3)
    assert not np.array_equal(wide, near)


def test_the_same_state_cuts_the_same_crop_and_another_one_another() -> None:
    canvas = drawn_canvas(2)
    for cut in (cut_aligned, lambda face, random: cut_square(face, SQUARE, random)):
        first, again, other = (cut(canvas, np.random.default_rng(seed)) for seed in (1, 1, 2))
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)


def test_kinds_are_drawn_by_their_shares_and_not_by_their_numbers() -> None:
    one, many = [drawn_canvas(0)], [drawn_canvas(seed) for seed in range(1, 10)]
    bank = Bank({"one": one, "many": many}, {"one": 0.7, "many": 0.3})
    random = np.random.default_rng(4)
    drawn = sum(bank.draw(random) is one[0] for _ in range(1000))
    assert 630 < drawn < 770


def test_a_kind_without_faces_is_never_drawn() -> None:
    bank = Bank({"one": [drawn_canvas(0)], "none": []}, {"one": 0.1, "none": 0.9})
    random = np.random.default_rng(5)
    assert all(bank.draw(random) is bank.kinds["one"][0] for _ in range(50))


@pytest.mark.parametrize("kinds", [{}, {"first": []}])
def test_a_bank_without_any_face_says_what_is_missing(kinds: dict[str, list[object]]) -> None:
    with pytest.raises(DataMissing, match="photographs"):
        Bank(kinds, drawn_bank().shares)  # type: ignore[arg-type]
