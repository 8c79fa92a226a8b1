"""Figures of cards, with the interval and the cases in words: a card has no other place for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import spearmanr

from models.catalogue.card import Figure
from training_eval.metrics.intervals import Estimate, share

_DIGITS = 4


def estimated(metric: str, estimate: Estimate, dataset: str, source: str) -> Figure:
    """A figure with its 95 % interval."""
    interval = estimate.interval
    spread = f"95 % interval {interval.low:.3f} to {interval.high:.3f}" if interval else "no interval"
    return plain(metric, estimate.value, f"{dataset}; {estimate.count} cases, {spread}", source)


def plain(metric: str, value: float, dataset: str, source: str) -> Figure:
    """A figure by itself."""
    return Figure(metric=metric, value=round(float(value), _DIGITS), dataset=dataset, source=source)


def counted(metric: str, hits: ArrayLike, dataset: str, source: str) -> Figure:
    """The share of cases of which something holds, with its exact interval."""
    held = np.asarray(hits, bool)
    return estimated(metric, share(int(held.sum()), len(held)), dataset, source)


def agreement(
    ours: ArrayLike, theirs: ArrayLike, limits: tuple[float, float], dataset: str, source: str
) -> Sequence[Figure]:
    """How near a student is to its teacher: same decisions, difference of scores, order of scores.

    Args:
        ours: [N] the student's scores.
        theirs: [N] the teacher's.
        limits: Threshold of the student and of the teacher.
        dataset: What they were asked about.
        source: The command.
    """
    student, master = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    same = (student >= limits[0]) == (master >= limits[1])
    order = float(spearmanr(student, master).statistic) if len(set(student)) > 1 < len(set(master)) else 0.0
    return (
        counted("share of decisions that are the teacher's", same, dataset, source),
        plain(
            "mean absolute difference to the teacher's score",
            np.abs(student - master).mean(),
            dataset,
            source,
        ),
        plain("rank correlation with the teacher (Spearman)", order, dataset, source),
    )
