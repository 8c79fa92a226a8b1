"""Two answers about one picture, by cases that are computed by hand."""

from __future__ import annotations

import math

import pytest

from bentos.common.shadow.comparison import Comparing, Comparison
from bentos.common.shadow.pairing import pairs
from bentos.contracts import (
    AnalyzedFace,
    AnalyzeResult,
    Attack,
    Box,
    CheckedFace,
    CheckResult,
    DetectResult,
    EmbeddedFace,
    EmbedResult,
    EstimatedFace,
    EstimateResult,
    Face,
    Gender,
    Landmarks,
    Quality,
)

MARKS = Landmarks(left_eye=(1, 1), right_eye=(2, 1), nose=(1.5, 1.5), mouth_left=(1, 2), mouth_right=(2, 2))
QUALITY = Quality(score=1, sharpness=1, brightness=0.5, size=50, yaw=0, pitch=0, roll=0)


def _base(x: float, score: float = 0.9) -> dict[str, object]:
    return {
        "box": Box(x=x, y=0, width=100, height=100),
        "score": score,
        "landmarks": MARKS,
        "quality": QUALITY,
    }


def _face(x: float) -> Face:
    return Face.model_validate(_base(x))


def _detected(*xs: float) -> DetectResult:
    return DetectResult(width=2000, height=200, faces=[_face(x) for x in xs])


def _checked(*faces: tuple[float, float]) -> CheckResult:
    """Position and score of each face."""
    attack = Attack(print=0, replay=0)
    return CheckResult(
        faces=[
            CheckedFace.model_validate(
                {**_base(x, score), "detection_score": 0.9, "live": score >= 0.5, "attack": attack}
            )
            for x, score in faces
        ]
    )


def _analyzed(*faces: tuple[float, float]) -> AnalyzeResult:
    made = [
        AnalyzedFace.model_validate({**_base(x, score), "detection_score": 0.9, "fake": score >= 0.5})
        for x, score in faces
    ]
    return AnalyzeResult(faces=made, fake=False, score=0)


def _estimated(*faces: tuple[float, float, str]) -> EstimateResult:
    """Position, age and gender of each face."""
    return EstimateResult(
        faces=[
            EstimatedFace.model_validate(
                {**_base(x), "age": age, "age_range": (0, 99), "gender": Gender(label=label, confidence=1)}
            )
            for x, age, label in faces
        ]
    )


def _embedded(*faces: tuple[float, float]) -> EmbedResult:
    """Position, and direction in degrees, of each face."""
    made = [
        EmbeddedFace.model_validate(
            {**_base(x), "embedding": [math.cos(math.radians(at)), math.sin(math.radians(at))]}
        )
        for x, at in faces
    ]
    return EmbedResult(faces=made, dimension=2)


@pytest.mark.parametrize(
    ("first", "second", "disagreement", "flips"),
    [
        (_detected(), _detected(), 0, 0),
        (_detected(0, 300), _detected(300, 0), 0, 0),
        (_detected(0, 300), _detected(0), 1 / 3, 1),
        (_detected(0), _detected(0, 300, 600), 2 / 4, 2),
        (_detected(0), _detected(), 1, 1),
        (_detected(0), _detected(33), 0, 0),  # IoU 67 / 133, just over a half
        (_detected(0), _detected(34), 1, 2),  # IoU 66 / 134, just under
        (_checked((0, 0.9)), _checked((0, 0.9)), 0, 0),
        (_checked((0, 0.9)), _checked((0, 0.3)), 0.6, 1),
        (_checked((0, 0.9)), _checked((0, 0.7)), 0.2, 0),
        (_checked((0, 0.9), (300, 0.2)), _checked((300, 0.4), (0, 0.8)), 0.15, 0),
        (_checked((0, 0.9), (300, 0.2)), _checked((0, 0.9)), 0.5, 0),
        (_analyzed((0, 0.1)), _analyzed((0, 0.8)), 0.7, 1),
        (_analyzed(), _analyzed((0, 0.8)), 1, 0),
        (_estimated((0, 30, "male")), _estimated((0, 35, "male")), 0.25, 0),
        (_estimated((0, 30, "male")), _estimated((0, 30, "female")), 0, 1),
        (_estimated((0, 10, "male")), _estimated((0, 90, "male")), 1, 0),
        (_estimated(), _estimated(), 0, 0),
    ],
)
def test_how_far_apart(first: object, second: object, disagreement: float, flips: int) -> None:
    found = Comparing()(first, second)  # type: ignore[arg-type]
    assert found is not None
    assert found.disagreement == pytest.approx(disagreement)
    assert found.flips == flips
    assert Comparing()(second, first) == found  # type: ignore[arg-type]


def test_answers_of_different_kinds_are_not_compared() -> None:
    assert Comparing()(_detected(0), _checked((0, 1))) is None
    assert Comparing()(Box(x=0, y=0, width=1, height=1), Box(x=0, y=0, width=1, height=1)) is None


def test_each_face_is_in_one_pair() -> None:
    near, nearer = _face(20), _face(5)
    assert pairs([_face(0)], [near, nearer]) == [(_face(0), nearer)]
    assert pairs([near, nearer], [_face(0)]) == [(nearer, _face(0))]


def test_the_best_pairing_of_all_is_taken() -> None:
    first, second = [_face(0), _face(30)], [_face(30), _face(60)]
    assert pairs(first, second) == [(_face(30), _face(30))]  # 0 and 60 show two others


def test_likeness_to_the_face_before() -> None:
    compare = Comparing()
    assert compare(_embedded((0, 0)), _embedded((0, 90))) is None  # there is none before
    # For the one it turned by 60 degrees, for the other by 90.
    assert compare(_embedded((0, 60)), _embedded((0, 180))) == Comparison(pytest.approx(0.5))
    # Both turned by as much, whatever way.
    assert compare(_embedded((0, 90)), _embedded((0, 150))) == Comparison(pytest.approx(0, abs=1e-6))
    assert compare(_embedded(), _embedded()) is None


def test_likeness_of_faces_of_one_picture() -> None:
    first, second = _embedded((0, 0), (300, 0)), _embedded((0, 0), (300, 180))
    assert Comparing()(first, second) == Comparison(1.0)  # 1 and -1 are 2 apart: no more than 1 is counted
