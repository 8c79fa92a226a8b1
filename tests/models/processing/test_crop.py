from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import LowQuality
from models.processing.crop import box_crop, crop_window

_place = st.floats(-500, 900)
_length = st.floats(0.01, 2000)
_side = st.integers(1, 600)


@given(_place, _place, _length, _length, st.floats(0.1, 8), _side, _side, st.booleans())
@settings(max_examples=300, deadline=None)
def test_window_lies_in_the_picture_and_keeps_the_proportions(
    x: float, y: float, w: float, h: float, scale: float, width: int, height: int, square: bool
) -> None:
    left, top, right, bottom = crop_window((x, y, w, h), scale, width, height, square)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    side_w, side_h = (max(w, h), max(w, h)) if square else (w, h)
    factor = min(scale, (width - 1) / side_w, (height - 1) / side_h)
    assert abs((right - left) - (side_w * factor + 1)) <= 1.001
    assert abs((bottom - top) - (side_h * factor + 1)) <= 1.001


@pytest.mark.parametrize(
    ("box", "scale", "expected"),
    [
        ((400, 300, 100, 80), 1.0, (400, 300, 501, 381)),
        ((400, 300, 100, 80), 2.0, (350, 260, 551, 421)),
        ((0, 0, 100, 80), 2.0, (0, 0, 201, 161)),
        ((950, 700, 100, 80), 2.0, (799, 607, 1000, 768)),
        ((400, 300, 100, 80), 100.0, (0, 0, 959, 768)),
    ],
)
def test_scaled_then_shifted_inside(
    box: tuple[float, float, float, float], scale: float, expected: tuple[int, int, int, int]
) -> None:
    assert crop_window(box, scale, 1000, 768) == pytest.approx(expected, abs=1)


def test_square_takes_the_longer_side_about_the_same_centre() -> None:
    assert crop_window((100, 100, 40, 80), 1.5, 1000, 1000, square=True) == (60, 80, 181, 201)


def test_the_crop_shows_what_is_in_the_window() -> None:
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[50:100, 100:200] = (10, 20, 30)
    crop = box_crop(picture, (110, 60, 70, 30), 1.0, (80, 40))
    assert crop.shape == (40, 80, 3)
    assert (crop == (10, 20, 30)).all()


def test_nothing_is_padded_at_the_border() -> None:
    crop = box_crop(np.full((100, 100, 3), 255, np.uint8), (80, 80, 40, 40), 2.7, (80, 80))
    assert (crop == 255).all()


def test_a_picture_of_one_pixel() -> None:
    crop = box_crop(np.full((1, 1, 3), 7, np.uint8), (0, 0, 1, 1), 2.7, (80, 80))
    assert crop.shape == (80, 80, 3)
    assert (crop == 7).all()


@pytest.mark.parametrize(
    "box", [(1, 1, 0, 5), (1, 1, 5, -2), (np.nan, 1, 5, 5), (1, 1, np.inf, 5), (1, -np.inf, 5, 5)]
)
def test_a_box_without_area_is_low_quality(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(LowQuality) as caught:
        box_crop(np.zeros((50, 50, 3), np.uint8), box, 1.0, (10, 10))
    assert caught.value.details["reasons"] == ["box"]
