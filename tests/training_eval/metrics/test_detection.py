"""WIDER FACE's protocol beside a plain one: picture by picture, detection by detection, threshold by threshold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("scipy", reason="needs the extra `train`")

from training_eval.metrics.arrays import Undefined
from training_eval.metrics.detection import (
    at_score,
    average_precision,
    found_by_size,
    precision_recall,
)
from training_eval.metrics.matching import Picture

Box = list[float]


def picture(
    found: list[Box], scores: list[float], faces: list[Box], ignored: list[bool] | None = None, **subsets: Any
) -> Picture:
    return Picture(
        np.array(found, np.float32).reshape(-1, 4),
        np.array(scores, np.float32),
        np.array(faces, np.float32).reshape(-1, 4),
        np.array([False] * len(faces) if ignored is None else ignored, bool),
        {name: np.array(flags, bool) for name, flags in subsets.items()},
    )


def plain_overlap(first: Box, second: Box) -> float:
    """Over whole pixels: a box from 0 of width 1 covers the pixels 0 and 1."""
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0]) + 1
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1]) + 1
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] + 1) * (box[3] + 1) for box in (first, second)]
    return width * height / (sum(areas) - width * height)


def plain_picture(one: Picture, threshold: float, low: float, high: float) -> tuple[int, int]:
    """Hits and detections that count among those whose stretched score reaches the threshold."""
    span = high - low
    rows = sorted(
        zip(one.scores.tolist(), one.found.tolist(), strict=True), key=lambda row: row[0], reverse=True
    )
    found: set[int] = set()
    counted = 0
    for score, box in rows:
        if span and (score - low) / span < threshold:
            break
        overlaps = [plain_overlap(box, face) for face in one.faces.tolist()]
        best = max(range(len(overlaps)), key=lambda index: overlaps[index])
        if overlaps[best] >= 0.5 and one.ignored[best]:
            continue
        counted += 1
        if overlaps[best] >= 0.5:
            found.add(best)
    return len(found), counted


def plain_average_precision(pictures: list[Picture]) -> float:
    scores = [score for one in pictures for score in one.scores.tolist()]
    low, high = (min(scores), max(scores)) if scores else (0.0, 0.0)
    faces = sum(int((~one.ignored).sum()) for one in pictures)
    curve = []
    for step in range(1, 1001):
        both = [plain_picture(one, 1 - step / 1000, low, high) for one in pictures if len(one.faces)]
        hits, counted = sum(pair[0] for pair in both), sum(pair[1] for pair in both)
        curve.append((hits / faces, hits / counted if counted else 0.0))
    area, reached = 0.0, 0.0
    for index, (recall, _) in enumerate(curve):
        if recall > reached:
            area += (recall - reached) * max(precision for _, precision in curve[index:])
            reached = recall
    return area


BOXES = st.lists(st.sampled_from([[0, 0, 9, 9], [2, 0, 9, 9], [5, 5, 9, 9], [30, 0, 9, 19]]), max_size=4)


@st.composite
def pictures_drawn(draw: st.DrawFn) -> list[Picture]:
    made = []
    for _ in range(draw(st.integers(1, 3))):
        found, faces = draw(BOXES), draw(BOXES)
        scores = draw(st.lists(st.sampled_from([0, 0.25, 0.5, 1]), min_size=len(found), max_size=len(found)))
        ignored = draw(st.lists(st.booleans(), min_size=len(faces), max_size=len(faces)))
        made.append(picture(found, scores, faces, ignored))
    return made


@given(pictures_drawn())
@settings(deadline=None, max_examples=60)
def test_against_the_plain_protocol(pictures: list[Picture]) -> None:
    if not any((~one.ignored).any() for one in pictures):
        with pytest.raises(Undefined, match="no face counts"):
            precision_recall(pictures)
        return
    made = precision_recall(pictures)
    assert made.average_precision == pytest.approx(plain_average_precision(pictures))


FACE, OTHER, FAR = [0.0, 0.0, 9.0, 9.0], [50.0, 0.0, 9.0, 9.0], [200.0, 0.0, 9.0, 9.0]


def test_by_hand() -> None:
    """Hit at 1.0, false alarm at 0.9, hit at 0.8: precision 1 up to half of the faces, then 2/3."""
    made = precision_recall([picture([FACE, FAR, OTHER], [1.0, 0.9, 0.8], [FACE, OTHER])])
    assert made.average_precision == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert made.faces == 2
    assert (len(made.precision), made.recall[-1], made.precision[-1]) == (1000, 1.0, pytest.approx(2 / 3))


def test_precision_never_rises_with_recall() -> None:
    """A false alarm first, then both faces: 0, 1/2, 2/3, of which the last holds for every recall."""
    made = precision_recall([picture([FAR, FACE, OTHER], [1.0, 0.9, 0.8], [FACE, OTHER])])
    assert made.average_precision == pytest.approx(2 / 3)


def test_nothing_found_and_all_found() -> None:
    assert precision_recall([picture([], [], [FACE])]).average_precision == 0
    assert precision_recall([picture([FACE], [0.3], [FACE])]).average_precision == 1


def test_the_second_box_on_a_face_is_a_false_alarm() -> None:
    made = at_score([picture([FACE, FACE], [1.0, 0.9], [FACE])], 0.5)
    assert made.precision is not None
    assert (made.recall.value, made.precision.value) == (1.0, 0.5)


def test_ignored_faces_are_neither_hit_nor_false_alarm() -> None:
    made = at_score([picture([FACE, OTHER], [1.0, 0.9], [FACE, OTHER], [False, True])], 0.5)
    assert made.precision is not None
    assert (made.recall.count, made.precision.count, made.precision.value) == (1, 1, 1.0)


def test_subsets_ignore_the_others() -> None:
    pictures = [picture([OTHER, FACE], [1.0, 0.5], [FACE, OTHER], easy=[0, 1], hard=[1, 1], none=[0, 0])]
    assert average_precision(pictures, "easy", rounds=5).count == 1
    assert precision_recall(pictures, "easy").average_precision == 1
    assert precision_recall(pictures, "hard").faces == 2
    with pytest.raises(Undefined, match="no face counts"):
        precision_recall(pictures, "none")
    with pytest.raises(ValueError, match="lacks the subset medium"):
        precision_recall(pictures, "medium")


def test_the_last_pixel_belongs_to_a_box() -> None:
    """Of 10 x 10 and 10 x 5 pixels the smaller is half; as areas of 9 x 9 and 9 x 4 it would be less."""
    half = [0.0, 0.0, 9.0, 4.0]
    assert precision_recall([picture([half], [1.0], [FACE])]).average_precision == 1
    assert precision_recall([picture([[0.0, 0.0, 9.0, 3.9]], [1.0], [FACE])]).average_precision == 0


def test_empty_pictures_count_at_a_score_alone() -> None:
    pictures = [picture([FACE], [0.9], [FACE]), picture([FACE], [0.8], [])]
    assert precision_recall(pictures).average_precision == 1
    at = at_score(pictures, 0.5).precision
    assert at is not None
    assert at.value == 0.5
    assert at_score(pictures, 0.95).precision is None
    assert at_score(pictures, 0.9).recall.value in (0.0, 1.0)


def test_scores_are_stretched_over_the_set() -> None:
    """Scores that lie close together would all fall under one threshold otherwise."""
    one = picture([FACE, FAR], [0.50002, 0.50001], [FACE])
    assert precision_recall([one]).average_precision == 1
    assert precision_recall([replace(one, scores=one.scores * 100 - 7)]).average_precision == 1


def test_found_by_size() -> None:
    faces = [[0, 0, 10, 10], [50, 0, 10, 16], [100, 0, 10, 31], [200, 0, 200, 200]]
    made = found_by_size([picture(faces[1:3], [0.9, 0.4], faces)], 0.5)
    values = {size: (one.value, one.count) for size, one in made.items()}
    assert values == {"0-16 px": (0, 1), "16-32 px": (0.5, 2), "128 px and more": (0, 1)}
    assert found_by_size([], 0.5) == {}
    for edges in ([1], [2, 1], [1, 1]):
        with pytest.raises(ValueError, match="edges"):
            found_by_size([], 0.5, edges)


def test_interval_comes_from_pictures() -> None:
    good, bad = picture([FACE], [0.9], [FACE]), picture([FAR], [0.9], [FACE])
    made = average_precision([good, bad] * 20, rounds=200)
    assert made.interval is not None
    assert made.value in made.interval
    assert 0.05 < made.interval.high - made.interval.low < 0.8
    assert average_precision([good], rounds=10).interval is None
    assert made == average_precision([good, bad] * 20, rounds=200)


def test_hostile() -> None:
    whole = picture([FACE], [0.9], [FACE])
    broken = [
        replace(whole, scores=np.array([np.nan], np.float32)),
        replace(whole, scores=np.array([], np.float32)),
        replace(whole, found=np.zeros((1, 5), np.float32)),
        replace(whole, found=np.array([[0, 0, -1, 5]], np.float32)),
        replace(whole, ignored=np.zeros(2, bool)),
        replace(
            whole, faces=np.zeros((0, 4), np.float32), ignored=np.zeros(0, bool), scores=np.array([np.inf])
        ),
    ]
    for one in broken:
        for figure in (precision_recall, average_precision, lambda given: at_score(given, 0.5)):
            with pytest.raises(ValueError, match=r"scores|boxes|ignored") as caught:
                figure([whole, one])
            assert not isinstance(caught.value, Undefined)
    for figure in (precision_recall, average_precision, lambda given: at_score(given, 0.5)):
        with pytest.raises(Undefined, match="face"):
            figure([])
