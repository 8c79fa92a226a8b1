"""Whether a candidate may take the champion's place: reports in, a table out. Reads and writes nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from models.catalogue.card import ModelCard
from training_eval.comparison import ROUNDING, compare_gaps, compare_measures
from training_eval.decision import Decision, Row
from training_eval.reports import Report
from training_eval.sound import faults_of_cards, faults_of_report
from training_eval.tolerances import Limits

__all__ = ["Decision", "Limits", "Row", "decide"]


def decide(
    candidate: Report, champion: Report | None, limits: Limits, cards: Sequence[ModelCard]
) -> Decision:
    """Judge a candidate's report, beside the champion's on the same data where there is a champion.

    Accepted is who is sound, within the budgets, measured on all that the champion was measured on, and worse on no
    measure, no group and no gap between groups by more than the tolerance. A difference within the tolerance is
    accepted and one beyond it refused whatever the intervals say; the reason names them.

    Args:
        candidate: What was measured of it.
        champion: What was measured of the champion; None where there is none.
        limits: Tolerances and budgets.
        cards: The candidate's.
    """
    rows = [
        *_models(candidate, cards),
        *_report(candidate, "candidate"),
        *_budgets(candidate, champion, limits),
    ]
    if champion is not None:
        rows += [*_report(champion, "champion"), *_data(candidate, champion)]
        rows += [*compare_measures(candidate, champion, limits), *compare_gaps(candidate, champion, limits)]
    return Decision(tuple(rows))


def _models(candidate: Report, cards: Sequence[ModelCard]) -> Iterator[Row]:
    faults = list(faults_of_cards(candidate, cards))
    for fault in faults:
        yield Row(metric="models", accepted=False, reason=fault)
    if not faults:
        yield Row(metric="models", accepted=True, reason="digests and cards are complete")


def _report(report: Report, whose: str) -> Iterator[Row]:
    for fault in faults_of_report(report):
        yield Row(metric="report", accepted=False, reason=f"the {whose}'s report: {fault}")


def _budgets(candidate: Report, champion: Report | None, limits: Limits) -> Iterator[Row]:
    before = None if champion is None else float(champion.size_bytes)
    yield _budget("size", "bytes", float(candidate.size_bytes), before, limits.larger, limits.size_bytes)
    speed, then = _times(candidate), None if champion is None else _times(champion)
    yield _budget("speed", "times the reference", speed, then, limits.slower, limits.reference_times)


def _budget(
    metric: str, unit: str, value: float, before: float | None, factor: float, most: float | None
) -> Row:
    allowed = [limit for limit in (None if before is None else before * factor, most) if limit is not None]
    if not allowed:
        return Row(metric=metric, accepted=True, candidate=value, reason="no champion and no budget")
    budget = min(allowed)
    fits = value <= budget + ROUNDING * max(1.0, abs(budget))
    reason = f"{'within' if fits else 'over'} the budget of {budget:,.6g} {unit}"
    return Row(metric=metric, accepted=fits, champion=before, candidate=value, reason=reason)


def _times(report: Report) -> float:
    return report.milliseconds / report.reference_milliseconds if report.reference_milliseconds else math.nan


def _data(candidate: Report, champion: Report) -> Iterator[Row]:
    if candidate.task is not champion.task:
        yield Row(metric="data", accepted=False, reason=f"the champion answers {champion.task.value}")
    for name, digest in champion.data.items():
        found = candidate.data.get(name)
        if found is None:
            yield Row(
                metric="data", dataset=name, accepted=False, reason="the candidate was not measured on it"
            )
        elif found != digest:
            reason = "the two were measured on different files of this name: evaluate both again"
            yield Row(metric="data", dataset=name, accepted=False, reason=reason)
