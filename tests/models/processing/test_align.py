from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.errors import LowQuality
from models.processing.align import align, similarity_transform

TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    np.float32,
)


def _turned(degrees: float, factor: float, shift: tuple[float, float]) -> NDArray[np.float32]:
    angle = np.deg2rad(degrees)
    matrix = factor * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (TEMPLATE @ matrix.T + shift).astype(np.float32)


@given(st.floats(-180, 180), st.floats(0.1, 30), st.floats(-2000, 2000), st.floats(-2000, 2000))
@settings(max_examples=200, deadline=None)
def test_undoes_any_similarity(degrees: float, factor: float, x: float, y: float) -> None:
    points = _turned(degrees, factor, (x, y))
    matrix = similarity_transform(points, TEMPLATE)
    np.testing.assert_allclose(points @ matrix[:, :2].T + matrix[:, 2], TEMPLATE, atol=0.02)


@given(st.lists(st.floats(0, 400), min_size=10, max_size=10))
@settings(max_examples=200, deadline=None)
def test_is_a_least_squares_minimum_without_reflection(numbers: list[float]) -> None:
    points = np.array(numbers, np.float32).reshape(5, 2)
    try:
        matrix = similarity_transform(points, TEMPLATE)
    except LowQuality:
        return
    assert np.linalg.det(matrix[:, :2]) > 0
    a, b, x, y = matrix[0, 0], matrix[1, 0], matrix[0, 2], matrix[1, 2]

    def cost(a: float, b: float, x: float, y: float) -> float:
        moved = points @ np.array([[a, b], [-b, a]]) + [x, y]
        return float(np.square(moved - TEMPLATE).sum())

    best = cost(a, b, x, y)
    for step in (1e-3, -1e-3):
        for nudged in ((a + step, b, x, y), (a, b + step, x, y), (a, b, x + step, y), (a, b, x, y + step)):
            assert cost(*nudged) >= best - 1e-3


@pytest.mark.parametrize(("degrees", "factor"), [(0, 1), (35, 2), (-90, 0.7), (170, 3), (10, 6.3)])
def test_drawn_points_land_on_the_template(degrees: float, factor: float) -> None:
    points = _turned(degrees, factor, (700, 600))
    picture = np.zeros((1400, 1600, 3), np.uint8)
    for x, y in points:
        cv2.circle(
            picture, (round(float(x)), round(float(y))), max(2, round(3 * factor)), (255, 255, 255), -1
        )
    face = align(picture, points, TEMPLATE, 112)
    _, _, _, centres = cv2.connectedComponentsWithStats((face[..., 0] > 100).astype(np.uint8))
    found = centres[1:][np.lexsort(np.round(centres[1:] / 10).T)]
    expected = TEMPLATE[np.lexsort(np.round(TEMPLATE / 10).T)]
    np.testing.assert_allclose(found, expected, atol=1.0)


def test_the_identity_changes_nothing() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    np.testing.assert_array_equal(align(picture, TEMPLATE, TEMPLATE, 112), picture)


def test_a_large_face_is_averaged_not_sampled() -> None:
    checks = (np.indices((1120, 1120)).sum(axis=0) % 2 * 255).astype(np.uint8)
    face = align(np.dstack([checks] * 3), TEMPLATE * 10, TEMPLATE, 112)
    inner = face[8:-8, 8:-8].astype(int)
    assert inner.min() >= 120
    assert inner.max() <= 135


@pytest.mark.parametrize("factor", [1, 2.5, 8])
def test_a_large_face_is_not_shifted(factor: float) -> None:
    """Result pixel x shows the picture at factor * x, to well below half a pixel of the picture."""
    ramp = np.arange(1000) * 0.25
    picture = np.repeat(np.round(np.tile(ramp, (1000, 1)))[..., None], 3, axis=2).astype(np.uint8)
    face = align(picture, TEMPLATE * np.float32(factor), TEMPLATE, 112)
    expected = 0.25 * factor * np.arange(112)
    error = (face[..., 0] - expected)[2:-2, 2:-2].mean()
    assert abs(error) < 0.07


def test_a_face_at_the_border_ends_in_black() -> None:
    face = align(np.full((112, 112, 3), 255, np.uint8), TEMPLATE - 56, TEMPLATE, 112)
    assert (face[60:, 60:] == 255).all()
    assert (face[:50, :50] == 0).all()


def test_points_outside_the_picture_give_black() -> None:
    face = align(np.full((50, 50, 3), 255, np.uint8), TEMPLATE + 5000, TEMPLATE, 112)
    assert face.shape == (112, 112, 3)
    assert face.max() == 0


def test_a_picture_wider_than_opencv_warps() -> None:
    picture = np.full((120, 50_000, 3), 77, np.uint8)
    shift = np.array([45_000, 0], np.float32)
    assert (align(picture, TEMPLATE + shift, TEMPLATE, 112) == 77).all()


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((5, 2)),
        np.full((5, 2), 40.0) + np.eye(5, 2) * 0.1,
        np.full((5, 2), np.nan),
        np.where(np.eye(5, 2) > 0, np.inf, 10.0),
    ],
)
def test_points_that_say_nothing_are_low_quality(points: NDArray[np.float64]) -> None:
    with pytest.raises(LowQuality) as caught:
        align(np.zeros((100, 100, 3), np.uint8), points.astype(np.float32), TEMPLATE, 112)
    assert caught.value.details["reasons"] == ["landmarks"]
