"""Figures of a set of cases at a threshold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.comparing.interval import exact_interval, in_words
from workbench.evaluating.cases import Case
from workbench.evaluating.figures import (
    Confusion,
    Curve,
    Flags,
    OneClass,
    Values,
    area,
    confusion,
    curve,
    year_errors,
)

WITHIN = 5.0
"""Years of the cumulative score."""
UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True)
class Words:
    """What a kind of set calls its classes."""

    positive: str
    negative: str
    score: str


WORDS: Mapping[str, Words] = {
    "liveness": Words("live", "attack", "probability of live"),
    "deepfake": Words("forged", "genuine", "probability of forged"),
    "demographics": Words("female", "male", "probability of female"),
    "person": Words("one person", "two people", "similarity"),
    "pairs": Words("one person", "two people", "similarity"),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """Cases whose class is known and that have a score: parallel arrays [N]."""

    cases: tuple[Case, ...]
    scores: Values
    positive: Flags

    @classmethod
    def of(cls, cases: Sequence[Case]) -> Judged:
        """Those among ``cases``."""
        kept = tuple(case for case in cases if case.positive is not None and case.score is not None)
        return cls(
            kept,
            np.array([case.score for case in kept], np.float64),
            np.array([case.positive for case in kept], np.bool_),
        )

    def curve(self) -> Curve | None:
        """The errors; None where one class is missing."""
        try:
            return curve(self.scores, self.positive)
        except OneClass:
            return None

    def at(self, threshold: float) -> Confusion:
        """Counts at a threshold."""
        return confusion(self.scores, self.positive, threshold)

    def wrong(self, threshold: float) -> list[Case]:
        """Cases that are called what they are not, the worst first."""
        called = self.scores >= threshold
        places = np.flatnonzero(called != self.positive)
        worst = places[np.argsort(-np.abs(self.scores[places] - threshold), kind="stable")]
        return [self.cases[place] for place in worst]


def figures_at(kind: str, cases: Sequence[Case], threshold: float) -> dict[str, float]:
    """All figures by name, as they are shown and logged; those that mean nothing on these cases are left out."""
    judged = Judged.of(cases)
    errors = judged.curve()
    made: dict[str, float] = {"cases": len(cases), "answered": sum(_answered(case) for case in cases)}
    if errors is not None:
        made |= {"auc": area(judged.scores, judged.positive), "eer": errors.equal_error()}
    if len(judged.cases):
        counts = judged.at(threshold)
        made |= {"threshold": threshold, "accuracy": counts.right / counts.count, **_rates(counts)}
    if kind == "liveness":
        made |= _presentation(judged, threshold)
    return made | _ages(cases)


def attack_table(cases: Sequence[Case], threshold: float) -> pd.DataFrame:
    """APCER by kind of attack, and BPCER: ISO/IEC 30107-3. Presentations without an answer are no part of them."""
    judged = Judged.of(cases)
    rows = []
    for name in sorted({case.detail or UNNAMED for case in judged.cases if not case.positive}):
        scores = [
            case.score for case in judged.cases if not case.positive and (case.detail or UNNAMED) == name
        ]
        passed = sum(score is not None and score >= threshold for score in scores)
        rows.append(
            {"figure": f"APCER, {name}", "value": in_words(passed, len(scores)), "cases": len(scores)}
        )
    live = judged.scores[judged.positive]
    rows.append(
        {"figure": "BPCER", "value": in_words(int((live < threshold).sum()), len(live)), "cases": len(live)}
    )
    return pd.DataFrame(rows, columns=["figure", "value", "cases"])


def group_table(kind: str, cases: Sequence[Case], threshold: float) -> pd.DataFrame:
    """One row a group and value; empty where no case has a group."""
    names = list(dict.fromkeys(name for case in cases for name in case.groups))
    rows = []
    for name in names:
        for value in sorted({case.groups[name] for case in cases if name in case.groups}):
            part = [case for case in cases if case.groups.get(name) == value]
            rows.append({"group": name, "value": value, **_group(kind, part, threshold)})
    return pd.DataFrame(rows)


def case_table(kind: str, cases: Sequence[Case], threshold: float) -> pd.DataFrame:
    """One row a case: all that there is."""
    words = WORDS[kind]
    return pd.DataFrame([_row(words, case, threshold) for case in cases])


def age_errors(cases: Sequence[Case]) -> tuple[list[Case], Values]:
    """Cases with a known and an estimated age, and the years between both."""
    kept = [case for case in cases if case.ages is not None and case.age is not None]
    lows, highs = ([case.ages[end] for case in kept if case.ages] for end in (0, 1))
    return kept, year_errors([case.age for case in kept if case.age is not None], lows, highs)


def _answered(case: Case) -> bool:
    return case.score is not None or case.age is not None


def _rates(counts: Confusion) -> dict[str, float]:
    positives = counts.true_positive + counts.false_negative
    negatives = counts.false_positive + counts.true_negative
    rates = {}
    if positives:
        rates["false_negative_rate"] = counts.false_negative / positives
    if negatives:
        rates["false_positive_rate"] = counts.false_positive / negatives
    return rates


def _presentation(judged: Judged, threshold: float) -> dict[str, float]:
    """The worst kind of attack stands for all, as ISO/IEC 30107-3 has it."""
    by_kind = dict[str, list[bool]]()
    for case in judged.cases:
        if not case.positive and case.score is not None:
            by_kind.setdefault(case.detail or UNNAMED, []).append(case.score >= threshold)
    live = judged.scores[judged.positive]
    made = {"apcer": max(sum(passed) / len(passed) for passed in by_kind.values())} if by_kind else {}
    return made | ({"bpcer": float((live < threshold).mean())} if len(live) else {})


def _ages(cases: Sequence[Case]) -> dict[str, float]:
    """MAE, and CS: the share of errors of at most five years (X. Geng et al., ACM Multimedia 2006)."""
    kept, years = age_errors(cases)
    return {"mae_years": float(years.mean()), "cs_5": float((years <= WITHIN).mean())} if kept else {}


def _group(kind: str, part: Sequence[Case], threshold: float) -> dict[str, Any]:
    made = figures_at(kind, part, threshold)
    judged = Judged.of(part)
    row: dict[str, Any] = {"cases": len(part), "answered": int(made["answered"])}
    if len(judged.cases):
        counts = judged.at(threshold)
        low, high = exact_interval(counts.right, counts.count)
        row |= {"accuracy": made["accuracy"], "from": low, "to": high}
    names = ("auc", "eer", "false_positive_rate", "false_negative_rate", "mae_years", "cs_5")
    return row | {name: made[name] for name in names if name in made}


def _row(words: Words, case: Case, threshold: float) -> dict[str, Any]:
    name: Callable[[bool], str] = lambda positive: words.positive if positive else words.negative  # noqa: E731
    row: dict[str, Any] = {
        "picture": case.shots[0].name,
        "second": case.shots[1].name if len(case.shots) > 1 else None,
        "digest": case.shots[0].digest,
        "truth": None if case.positive is None else name(case.positive),
        "called": None if case.score is None else name(case.score >= threshold),
        "score": case.score,
        "kind": case.detail or None,
        "why": case.why or None,
    }
    if case.ages is not None:
        row |= {"age_from": case.ages[0], "age_to": case.ages[1], "age": case.age}
    return row | {f"group:{group}": value for group, value in case.groups.items()}
