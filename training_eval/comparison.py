"""A candidate's measures beside the champion's: each one, and the gaps between groups."""

from __future__ import annotations

import math
from collections.abc import Iterator

from training_eval.decision import Row
from training_eval.reports import Measure, Report
from training_eval.tolerances import Limits

ROUNDING = 1e-12
"""Differences as small as this are of the arithmetic."""
NOT_OF_PEOPLE = frozenset(
    {"attack", "compression", "illumination", "method", "size", "source", "subset", "surroundings"}
)
"""Divisions whose parts are no groups of people: a gap that grows because one part gets better wrongs nobody."""


def compare_measures(candidate: Report, champion: Report, limits: Limits) -> Iterator[Row]:
    """A row for each measure of the champion."""
    found = {measure.key: measure for measure in candidate.measures}
    for measure in champion.measures:
        other = found.get(measure.key)
        yield _missing(measure) if other is None else _compared(other, measure, limits)


def _missing(measure: Measure) -> Row:
    return Row(
        metric=measure.metric,
        dataset=measure.dataset,
        group=measure.group,
        champion=measure.value,
        accepted=False,
        reason="the candidate was not measured in it",
    )


def _compared(candidate: Measure, champion: Measure, limits: Limits) -> Row:
    tolerance = limits.tolerance(champion.metric, champion.value)
    if champion.group is not None:
        tolerance *= limits.groups
    worse = (champion.value - candidate.value) * (1 if champion.better == "higher" else -1)
    same_way = candidate.better == champion.better
    return Row(
        metric=champion.metric,
        dataset=champion.dataset,
        group=champion.group,
        champion=champion.value,
        candidate=candidate.value,
        tolerance=tolerance,
        accepted=same_way and worse <= tolerance + ROUNDING,
        reason=_words(worse, tolerance, candidate, champion)
        if same_way
        else "the two disagree on which way is up",
    )


def _words(worse: float, tolerance: float, candidate: Measure, champion: Measure) -> str:
    if math.isnan(worse):
        return "no number"
    if worse <= ROUNDING:
        return f"better by {-worse:.4g}" if worse < -ROUNDING else "the same"
    if worse <= tolerance + ROUNDING:
        return f"worse by {worse:.4g}, within the tolerance"
    return f"worse by {worse:.4g}, more than {tolerance:.4g}{_intervals(candidate, champion)}"


def _intervals(candidate: Measure, champion: Measure) -> str:
    if candidate.low is None or candidate.high is None or champion.low is None or champion.high is None:
        return ""
    apart = candidate.low > champion.high or candidate.high < champion.low
    return "; the 95 % intervals are apart" if apart else "; the 95 % intervals overlap, more data would tell"


def compare_gaps(candidate: Report, champion: Report, limits: Limits) -> Iterator[Row]:
    """A row for each metric and division of people: the gap between the group judged best and the one judged worst."""
    found = {measure.key: measure for measure in candidate.measures}
    for (metric, dataset, division), parts in _divisions(champion).items():
        pairs = [(found[part.key].value, part.value) for part in parts if part.key in found]
        if len(pairs) < 2:
            continue
        now, before = (max(values) - min(values) for values in zip(*pairs, strict=True))
        tolerance = limits.groups * limits.tolerance(metric, max(abs(then) for _, then in pairs))
        fits = now - before <= tolerance + ROUNDING
        yield Row(
            metric=metric,
            dataset=dataset,
            group=f"gap of {division}",
            champion=before,
            candidate=now,
            tolerance=tolerance,
            accepted=fits,
            reason=f"the gap {'grows' if now > before + ROUNDING else 'does not grow'} by {abs(now - before):.4g}"
            + ("" if fits else f", more than {tolerance:.4g}"),
        )


def _divisions(report: Report) -> dict[tuple[str, str, str], list[Measure]]:
    found: dict[tuple[str, str, str], list[Measure]] = {}
    for measure in report.measures:
        if measure.group is not None:
            parts = [part.strip() for part in measure.group.split(",") if "=" in part]
            division = ", ".join(part.partition("=")[0] for part in parts)
            if division in NOT_OF_PEOPLE:
                continue
            found.setdefault((measure.metric, measure.dataset, division), []).append(measure)
    return found
