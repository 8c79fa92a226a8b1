"""How far two answers about one picture are apart, by what the contract says of faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bentos.common.shadow.likeness import Likeness
from bentos.common.shadow.pairing import pairs
from bentos.contracts import (
    AnalyzedFace,
    AnalyzeResult,
    CheckedFace,
    CheckResult,
    DetectResult,
    EmbedResult,
    EstimatedFace,
    EstimateResult,
    Face,
)
from bentos.contracts.base import Message

YEARS = 20.0
"""Estimates of age that are so many years apart have nothing in common any more."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two answers held side by side.

    Attributes:
        disagreement: 0 (the same) to 1, the mean over all faces of both; a face that only one has counts 1.
        flips: Faces of both answers with another verdict; of detection, faces that only one has.
    """

    disagreement: float
    flips: int = 0


OPPOSITE = Comparison(1.0)
"""One side answers, the other refuses the picture."""

F = TypeVar("F", bound=Face)
Compare = Callable[[Message, Message], Comparison | None]
"""The champion's answer and the challenger's; None for answers that are not compared."""


class Comparing:
    """Compares the answers of one challenger; of recognition it remembers the face before."""

    def __init__(self) -> None:
        self._likeness = Likeness()

    def __call__(self, champion: Message, challenger: Message) -> Comparison | None:
        """How far the two are apart; None where there is nothing to compare."""
        match champion, challenger:
            case DetectResult(), DetectResult():
                return found(champion.faces, challenger.faces)
            case CheckResult(), CheckResult():
                return over(champion.faces, challenger.faces, _live_apart, lambda a, b: a.live != b.live)
            case AnalyzeResult(), AnalyzeResult():
                return over(champion.faces, challenger.faces, _forged_apart, lambda a, b: a.fake != b.fake)
            case EstimateResult(), EstimateResult():
                return over(champion.faces, challenger.faces, _years_apart, _other_gender)
            case EmbedResult(), EmbedResult():
                apart = self._likeness.apart(pairs(champion.faces, challenger.faces))
                return None if apart is None else Comparison(apart)
            case _:
                return None


def found(first: Sequence[Face], second: Sequence[Face]) -> Comparison:
    """Detection: the share of faces that only one of the two has."""
    alone = len(first) + len(second) - 2 * len(pairs(first, second))
    return Comparison(alone / max(1, len(first) + len(second)), alone)


def over(
    first: Sequence[F],
    second: Sequence[F],
    apart: Callable[[F, F], float],
    flipped: Callable[[F, F], bool],
) -> Comparison:
    """The mean over all faces, and how many verdicts differ."""
    both = pairs(first, second)
    alone = len(first) + len(second) - 2 * len(both)
    total = sum(apart(a, b) for a, b in both) + alone
    return Comparison(total / max(1, len(both) + alone), sum(flipped(a, b) for a, b in both))


def _live_apart(a: CheckedFace, b: CheckedFace) -> float:
    return abs(a.score - b.score)


def _forged_apart(a: AnalyzedFace, b: AnalyzedFace) -> float:
    return abs(a.score - b.score)


def _years_apart(a: EstimatedFace, b: EstimatedFace) -> float:
    return min(1.0, abs(a.age - b.age) / YEARS)


def _other_gender(a: EstimatedFace, b: EstimatedFace) -> bool:
    return a.gender.label != b.gender.label
