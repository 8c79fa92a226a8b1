"""Faces that are too small or cut off to be judged."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.errors import LowQuality
from models.processing.visibility import require_visible

RULES = {"min_side": 48.0, "min_inside": 0.9}
PICTURE = (640, 480)
Box = tuple[float, float, float, float]


def reasons(box: Box) -> object:
    with pytest.raises(LowQuality) as refused:
        require_visible(box, PICTURE, RULES)
    return refused.value.details["reasons"]


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 48, 48),
        (100, 100, 48, 200),
        (592, 432, 48, 48),
        (0, 0, 640, 480),
        (-10, 0, 100, 100),
        (0, 390, 99, 100),
    ],
)
def test_a_face_that_meets_the_rules_exactly_passes(box: Box) -> None:
    require_visible(box, PICTURE, RULES)


@pytest.mark.parametrize("box", [(100, 100, 47.9, 300), (100, 100, 300, 47.9), (100, 100, 1, 1)])
def test_a_face_whose_shorter_side_is_too_small(box: Box) -> None:
    assert reasons(box) == ["too_small"]


@pytest.mark.parametrize(
    "box",
    [(-11, 0, 100, 100), (0, -11, 100, 100), (551, 0, 100, 100), (0, 391, 100, 100), (-6, -6, 100, 100)],
)
def test_a_face_over_any_border_is_cut_off(box: Box) -> None:
    assert reasons(box) == ["cut_off"]


@pytest.mark.parametrize("box", [(-100, 0, 60, 60), (700, 500, 60, 60), (640, 0, 60, 60)])
def test_a_face_outside_the_picture_is_cut_off(box: Box) -> None:
    assert reasons(box) == ["cut_off"]


def test_everything_that_is_wrong_is_said_with_its_measure() -> None:
    with pytest.raises(LowQuality) as refused:
        require_visible((-20, 0, 40, 40), PICTURE, RULES)
    assert refused.value.details == {
        "reasons": ["too_small", "cut_off"],
        "size_px": 40.0,
        "inside": 0.5,
        "needed": RULES,
    }
    assert "40 pixels of at least 48" in refused.value.message
    assert "50%" in refused.value.message


@given(st.floats(-700, 700), st.floats(-700, 700), st.floats(0.5, 900), st.floats(0.5, 900))
def test_a_face_passes_if_and_only_if_it_meets_both_rules(
    x: float, y: float, width: float, height: float
) -> None:
    columns = max(0.0, min(x + width, 640.0) - max(x, 0.0))
    rows = max(0.0, min(y + height, 480.0) - max(y, 0.0))
    share = (columns / width) * (rows / height)
    assume(abs(share - 0.9) > 1e-9)
    passes = min(width, height) >= 48 and share > 0.9
    try:
        require_visible((x, y, width, height), PICTURE, RULES)
    except LowQuality:
        assert not passes
    else:
        assert passes
