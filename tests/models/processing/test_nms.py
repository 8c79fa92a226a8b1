from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.processing.nms import nms

Boxes = NDArray[np.float32]
_side = st.integers(-20, 40)
_score = st.sampled_from([0.1, 0.3, 0.5, 0.5001, 0.9])
_faces = st.lists(st.tuples(_side, _side, _side, _side, _score), max_size=25)


def _arrays(faces: list[tuple[int, int, int, int, float]]) -> tuple[Boxes, Boxes]:
    table = np.array(faces, np.float32).reshape(-1, 5)
    return table[:, :4], table[:, 4]


def _overlap(a: list[float], b: list[float]) -> float:
    def area(box: list[float]) -> float:
        return max(box[2], 0.0) * max(box[3], 0.0)

    wide = max(min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]), 0.0)
    high = max(min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]), 0.0)
    union = area(a) + area(b) - wide * high
    return wide * high / union if union > 0 else 0.0


def _slow(boxes: Boxes, scores: Boxes, iou: float) -> list[int]:
    kept: list[int] = []
    rows = boxes.astype(float).tolist()
    for index in sorted(range(len(rows)), key=lambda i: (-scores[i], i)):
        if all(_overlap(rows[index], rows[other]) <= iou for other in kept):
            kept.append(index)
    return kept


@given(_faces, st.sampled_from([0.0, 0.25, 0.45, 1.0]))
@settings(max_examples=300, deadline=None)
def test_agrees_with_pairwise_reference(faces: list[tuple[int, int, int, int, float]], iou: float) -> None:
    boxes, scores = _arrays(faces)
    expected = _slow(boxes, scores, iou)
    assert nms(boxes, scores, iou, "xywh").tolist() == expected
    as_corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    assert nms(as_corners, scores, iou, "xyxy").tolist() == expected


@given(_faces, st.sampled_from([0.2, 0.5, 0.5001]))
@settings(max_examples=200, deadline=None)
def test_score_threshold_before_or_after_is_the_same(
    faces: list[tuple[int, int, int, int, float]], least: float
) -> None:
    boxes, scores = _arrays(faces)
    strong = np.flatnonzero(scores >= least)
    before = strong[nms(boxes[strong], scores[strong], 0.45, "xywh")]
    after = nms(boxes, scores, 0.45, "xywh")
    assert before.tolist() == after[scores[after] >= least].tolist()


def test_equal_scores_keep_their_order() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 0, 60, 10]], np.float32)
    assert nms(boxes, np.full(3, 0.7, np.float32), 0.45).tolist() == [0, 2]


def test_a_weaker_box_that_already_fell_does_not_push_out_a_third() -> None:
    boxes = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], np.float32)
    assert nms(boxes, np.array([0.9, 0.8, 0.7], np.float32), 0.3).tolist() == [0, 2]


def test_no_boxes() -> None:
    assert nms(np.empty((0, 4), np.float32), np.empty(0, np.float32), 0.45).shape == (0,)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_boxes_that_are_not_numbers_are_dropped(bad: float) -> None:
    boxes = np.array([[0, 0, bad, 10], [0, 0, 10, 10], [0, 0, 10, 10]], np.float32)
    assert nms(boxes, np.array([0.9, 0.5, bad], np.float32), 0.45).tolist() == [1]


def test_thousands_of_boxes_on_one_face_leave_one() -> None:
    rng = np.random.default_rng(0)
    boxes = np.array([100, 100, 200, 200], np.float32) + rng.uniform(-4, 4, (5000, 4)).astype(np.float32)
    scores = rng.random(5000).astype(np.float32)
    assert nms(boxes, scores, 0.45).tolist() == [int(scores.argmax())]
