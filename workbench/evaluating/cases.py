"""Cases with what the services said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from workbench.comparing.asking import Reply
from workbench.comparing.shots import Shot
from workbench.evaluating.labelled import LabelledSet
from workbench.evaluating.truth import Ages, Truth

MOST_PAIRS = 300_000
"""Pairs of pictures of people; of more, every so manyth of two people is taken."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case that was answered, or was not.

    Attributes:
        shots: Its picture, or both.
        positive: Truth; None where it is not known.
        score: Of being positive; None where there is no answer.
        detail: Kind of attack, method of forgery.
        ages: Truth in years.
        age: Estimate in years.
        groups: Values by name of group.
        why: Why there is no answer.
    """

    shots: tuple[Shot, ...]
    positive: bool | None
    score: float | None
    detail: str = ""
    ages: Ages | None = None
    age: float | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
    why: str = ""


def cases_of(labelled: LabelledSet, replies: Mapping[int, Reply]) -> list[Case]:
    """All cases of a set; pictures of people are paired, each with each.

    Args:
        labelled: The set.
        replies: By a picture's place in ``labelled.shots``.
    """
    by_name = {shot.name: (shot, replies.get(place)) for place, shot in enumerate(labelled.shots)}
    if labelled.task == "embed":
        vectors = {name: _vector(reply) for name, (_, reply) in by_name.items()}
        pairs = labelled.truths if labelled.kind == "pairs" else _pairs(labelled.truths)
        return [_pair_case(truth, by_name, vectors) for truth in pairs]
    return [_case(labelled.kind, truth, *by_name[truth.names[0]]) for truth in labelled.truths]


def _case(kind: str, truth: Truth, shot: Shot, reply: Reply | None) -> Case:
    score, age, why = None, None, _why(reply)
    if not why and reply is not None:
        face = _largest(reply.data.faces)
        if face is None:
            why = "The face was not judged" if getattr(reply.data, "refused", ()) else "No face"
        elif kind == "deepfake":
            score = reply.data.score
        elif kind == "liveness":
            score = face.score
        else:
            age, gender = face.age, face.gender
            score = gender.confidence if gender.label == "female" else 1 - gender.confidence
    return Case(
        (shot,),
        truth.positive,
        score,
        detail=truth.detail,
        ages=truth.ages,
        age=age,
        groups=truth.groups,
        why=why,
    )


def _pair_case(
    truth: Truth, by_name: Mapping[str, tuple[Shot, Reply | None]], vectors: Mapping[str, Any]
) -> Case:
    first, second = (vectors[name] for name in truth.names)
    shots = tuple(by_name[name][0] for name in truth.names)
    if first is None or second is None:
        why = next(_why(by_name[name][1]) or "No face" for name in truth.names if vectors[name] is None)
        return Case(shots, truth.positive, None, groups=truth.groups, why=why)
    return Case(shots, truth.positive, float(first @ second), groups=truth.groups)


def _pairs(truths: Sequence[Truth]) -> list[Truth]:
    """Each picture with each other; groups stay where both have the same."""
    pairs = list(combinations(truths, 2))
    same = [pair for pair in pairs if pair[0].person == pair[1].person]
    other = [pair for pair in pairs if pair[0].person != pair[1].person]
    step = max(1, -(-len(other) // max(1, MOST_PAIRS - len(same))))
    return [
        Truth(
            (*one.names, *two.names),
            positive=one.person == two.person,
            groups={name: value for name, value in one.groups.items() if two.groups.get(name) == value},
        )
        for one, two in [*same, *other[::step]]
    ]


def _vector(reply: Reply | None) -> Any:
    face = None if reply is None or reply.data is None else _largest(reply.data.faces)
    return None if face is None else np.asarray(face.embedding, np.float64)


def _largest(faces: Sequence[Any]) -> Any:
    """As training's evaluations do: a picture speaks of its largest face."""
    return max(faces, key=lambda face: face.box.width * face.box.height, default=None)


def _why(reply: Reply | None) -> str:
    if reply is None:
        return "Not answered"
    return "" if reply.data is not None else (reply.code or "No answer")
