"""Faces are counted one to one, extra faces are counted, points are measured by the eyes."""

from __future__ import annotations

import numpy as np
import pytest

from models.runtime.detector import Detection
from training_eval.own.agreement import Agreement, agreement, total

POINTS = np.array([[10, 10], [30, 10], [20, 20], [12, 30], [28, 30]], np.float32)


def face(left: float, top: float = 0.0, side: float = 40.0, shift: float = 0.0) -> Detection:
    points = POINTS * np.float32(side / 40) + np.array([left + shift, top], np.float32)
    return Detection(np.array([left, top, side, side], np.float32), points, 0.9)


def test_the_same_faces_agree() -> None:
    faces = [face(0), face(100), face(200, 50)]
    assert agreement(faces[::-1], faces, 40) == Agreement(3, 3, 3, 0, (0.0, 0.0, 0.0))


def test_two_boxes_on_one_face_find_one() -> None:
    found = agreement([face(0), face(4)], [face(0), face(100)], 10)
    assert (found.wanted, found.found, found.extra) == (2, 1, 0)


def test_as_many_pairs_as_possible_are_made() -> None:
    """The best pair first would leave the other face alone."""
    teacher, student = [face(0), face(12)], [face(2), face(-10)]
    assert agreement(student, teacher, 10).found == 2


def test_a_box_beside_is_extra_and_one_between_is_neither() -> None:
    teacher = [face(0)]
    assert agreement([face(500)], teacher, 10).extra == 1
    between = agreement([face(15.5)], teacher, 10)
    assert (between.found, between.extra) == (0, 0)


def test_small_faces_need_not_be_found_but_are_no_extra() -> None:
    found = agreement([face(0, side=20)], [face(0, side=20), face(100)], 40)
    assert (found.wanted, found.found, found.faces, found.extra) == (1, 0, 2, 0)
    assert found.distances == ()


def test_points_are_measured_by_the_distance_of_the_eyes() -> None:
    found = agreement([face(0, shift=5)], [face(0)], 10)
    assert found.distances == pytest.approx((0.25,))


@pytest.mark.parametrize(
    ("student", "teacher", "wanted"),
    [([], [], (0, 0, 0, 0)), ([face(0)], [], (0, 0, 0, 1)), ([], [face(0)], (1, 0, 1, 0))],
)
def test_no_faces_are_no_trouble(
    student: list[Detection], teacher: list[Detection], wanted: tuple[int, ...]
) -> None:
    found = agreement(student, teacher, 10)
    assert (found.wanted, found.found, found.faces, found.extra) == wanted


def test_pictures_add_up() -> None:
    assert total([Agreement(2, 1, 3, 1, (0.1,)), Agreement(1, 1, 1, 0, (0.2,))]) == Agreement(
        3, 2, 4, 1, (0.1, 0.2)
    )
    assert total([]) == Agreement()
