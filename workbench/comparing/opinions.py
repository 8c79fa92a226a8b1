"""What an answer says of each face, in words and numbers that two answers can be compared by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bentos.contracts import AnalyzedFace, Box, CheckedFace, EstimatedFace, Face

NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Opinion:
    """Of one face.

    Attributes:
        box: Where it is.
        verdict: In words; empty where the task has none but that there is a face.
        score: What sorts and draws it: probability of live, of forged, of a face, or the age in years.
        face: As it came; None where the service refused to judge it.
        label: Verdict and score, for people.
    """

    box: Box
    verdict: str
    score: float | None
    face: Face | None
    label: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A task that two deployments can be compared by.

    Attributes:
        unit: What ``Opinion.score`` is.
        span: The largest difference of two scores that there can sensibly be, for the axes.
        opinion: Of a face of its answer.
    """

    unit: str
    span: float
    opinion: Callable[[Any], Opinion]


def _detected(face: Face) -> Opinion:
    return Opinion(face.box, "", face.score, face, f"{face.score:.2f}")


def _checked(face: CheckedFace) -> Opinion:
    return _judged(face, "live" if face.live else "not live")


def _analyzed(face: AnalyzedFace) -> Opinion:
    return _judged(face, "suspicious" if face.fake else "nothing found")


def _judged(face: CheckedFace | AnalyzedFace, verdict: str) -> Opinion:
    return Opinion(face.box, verdict, face.score, face, f"{verdict} {face.score:.0%}")


def _estimated(face: EstimatedFace) -> Opinion:
    gender = face.gender.label
    return Opinion(face.box, gender, face.age, face, f"{gender} {face.age:.0f}")


COMPARED: Mapping[str, Compared] = {
    "detect": Compared("score of the face", 1.0, _detected),
    "liveness": Compared("probability of live", 1.0, _checked),
    "deepfake": Compared("probability of forged", 1.0, _analyzed),
    "demographics": Compared("age in years", 100.0, _estimated),
}
"""Embeddings are left out: numbers of two embedders have nothing in common. Evaluate measures each on its pairs."""


def opinions(task: str, data: Any) -> tuple[Opinion, ...]:
    """Of all faces of an answer, those last that were not judged."""
    judged = tuple(COMPARED[task].opinion(face) for face in data.faces)
    refused = tuple(
        Opinion(face.box, NOT_JUDGED, None, None, NOT_JUDGED) for face in getattr(data, "refused", ())
    )
    return judged + refused
