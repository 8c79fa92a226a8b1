from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.processing.pose import MODEL, Pose, head_pose

TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    np.float32,
)


def _turn(axis: tuple[float, float, float], degrees: float) -> NDArray[np.float64]:
    return np.asarray(cv2.Rodrigues(np.array(axis) * np.deg2rad(degrees))[0])


def _rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """In a frame with x right, y down, z away: a turn to the right of the picture is one about -y."""
    return _turn((0, -1, 0), yaw) @ _turn((-1, 0, 0), pitch) @ _turn((0, 0, 1), roll)


def _projected(yaw: float, pitch: float, roll: float, scale: float = 1.5) -> NDArray[np.float32]:
    seen = MODEL @ _rotation(yaw, pitch, roll).T
    return (scale * seen[:, :2] + (300, 200)).astype(np.float32)


def _found(points: NDArray[np.float32]) -> Pose:
    pose = head_pose(points)
    assert pose is not None
    return pose


@given(st.floats(-80, 80), st.floats(-70, 70), st.floats(-170, 170), st.floats(0.05, 40))
@settings(max_examples=300, deadline=None)
def test_known_rotations_come_back(yaw: float, pitch: float, roll: float, scale: float) -> None:
    pose = _found(_projected(yaw, pitch, roll, scale))
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((yaw, pitch, roll), abs=0.5)


@pytest.mark.parametrize("yaw", [-45, -20, 0, 20, 45])
@pytest.mark.parametrize("pitch", [-25, 0, 25])
def test_known_rotations_survive_perspective_and_noise(yaw: float, pitch: float) -> None:
    """A face of 63 mm between the eyes, 1.5 m away, 100 pixels wide, points off by half a pixel."""
    seen = MODEL @ _rotation(yaw, pitch, 10).T
    noise = np.random.default_rng(3).normal(0, 0.5, (200, 5, 2))
    points = seen[:, :2] * 1.6 * 1500 / (1500 + seen[:, 2:])
    poses = [_found((points + one).astype(np.float32)) for one in noise]
    medians = np.median([(pose.yaw, pose.pitch, pose.roll) for pose in poses], axis=0)
    np.testing.assert_allclose(medians, (yaw, pitch, 10), atol=3)


def test_nose_to_the_right_is_positive_yaw() -> None:
    points = TEMPLATE.copy()
    points[2, 0] += 8
    assert _found(points).yaw > 10
    points[2, 0] -= 16
    assert _found(points).yaw < -10


def test_nose_up_is_positive_pitch() -> None:
    points = TEMPLATE.copy()
    points[2, 1] -= 8
    assert _found(points).pitch > 10
    points[2, 1] += 16
    assert _found(points).pitch < -10


def test_right_side_down_is_positive_roll() -> None:
    angle = np.deg2rad(25)
    turned = TEMPLATE @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    assert turned[1, 1] > turned[0, 1]
    assert _found(turned.astype(np.float32)).roll == pytest.approx(25, abs=1)


def test_the_alignment_template_looks_ahead() -> None:
    pose = _found(TEMPLATE)
    assert abs(pose.yaw) < 1
    assert abs(pose.pitch) < 6
    assert abs(pose.roll) < 1


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((5, 2)),
        np.full((5, 2), 1e6),
        np.column_stack([np.arange(5.0), 2 * np.arange(5.0)]),
        np.full((5, 2), np.nan),
        np.where(np.eye(5, 2) > 0, -np.inf, 1.0),
    ],
)
def test_points_without_a_pose(points: NDArray[np.float64]) -> None:
    assert head_pose(points.astype(np.float32)) is None


@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=10, max_size=10))
@settings(max_examples=200, deadline=None)
def test_any_points_give_finite_angles_or_none(numbers: list[float]) -> None:
    pose = head_pose(np.array(numbers, np.float32).reshape(5, 2))
    assert pose is None or np.isfinite([pose.yaw, pose.pitch, pose.roll]).all()
