"""Figures of two classes and of ages.

The same figures stand in ``training_eval.metrics``, which judges models at home and needs scikit-learn and SciPy. The
workbench judges what services answer, brings neither, and may not import training: so the few formulas that it needs
stand here a second time, and a test holds that both say the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]


class OneClass(ValueError):
    """There are cases of one class alone, so no curve."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Both errors at every threshold that makes a difference, from the strictest to the laxest.

    Attributes:
        thresholds: [K] falling, the first infinite; a score at or above it is called positive.
        false_positive: [K] share of the negatives that are called positive, rising from 0 to 1.
        true_positive: [K] share of the positives that are called so, rising from 0 to 1.
    """

    thresholds: Values
    false_positive: Values
    true_positive: Values

    def equal_error(self) -> float:
        """Where both errors are equal, by a straight line between the two thresholds around it."""
        after, part = self._crossing()
        rates = self.false_positive
        return float(rates[after - 1] + part * (rates[after] - rates[after - 1]))

    def equal_threshold(self) -> float:
        """The first threshold at which no more positives than negatives are missed."""
        return float(self.thresholds[self._crossing()[0]])

    def _crossing(self) -> tuple[int, float]:
        gaps = 1 - self.true_positive - self.false_positive
        after = int(np.argmax(gaps <= 0))
        return after, float(gaps[after - 1] / (gaps[after - 1] - gaps[after]))


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts at one threshold; a score at or above it is called positive."""

    true_positive: int
    false_negative: int
    false_positive: int
    true_negative: int

    @property
    def count(self) -> int:
        """Cases."""
        return self.true_positive + self.false_negative + self.false_positive + self.true_negative

    @property
    def right(self) -> int:
        """Cases that are called what they are."""
        return self.true_positive + self.true_negative


def curve(scores: ArrayLike, positive: ArrayLike) -> Curve:
    """The receiver operating characteristic; equal scores move together.

    Source: T. Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27, 2006, algorithm 1. As false
    positives over false negatives it is the DET curve of ISO/IEC 19795-1.

    Args:
        scores: [N], higher for positives.
        positive: [N] yes or no.

    Raises:
        OneClass: One of both has no case.
    """
    values, truth = _two_classes(scores, positive)
    order = np.argsort(-values, kind="stable")
    ranked, hits = values[order], truth[order]
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    found = np.cumsum(hits)[ends]
    wrong = 1 + ends - found
    thresholds = np.concatenate([[np.inf], ranked[ends]])
    return Curve(thresholds, np.append(0, wrong / wrong[-1]), np.append(0, found / found[-1]))


def area(scores: ArrayLike, positive: ArrayLike) -> float:
    """Area under the ROC curve: how often a positive scores above a negative, ties counted by half.

    By the rank statistic U of H. Mann and D. Whitney, 1947, with mean ranks for ties; J. Hanley and B. McNeil, "The
    meaning and use of the area under a ROC curve", Radiology 143, 1982. Arguments and errors as ``curve``.
    """
    values, truth = _two_classes(scores, positive)
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    positives, negatives = int(truth.sum()), int((~truth).sum())
    above = ranks[truth].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def confusion(scores: ArrayLike, positive: ArrayLike, threshold: float) -> Confusion:
    """Counts at a threshold; arguments as ``curve``, one class will do."""
    values, truth = np.asarray(scores, np.float64), np.asarray(positive, np.bool_)
    called = values >= threshold
    return Confusion(
        int((called & truth).sum()),
        int((~called & truth).sum()),
        int((called & ~truth).sum()),
        int((~called & ~truth).sum()),
    )


def year_errors(estimates: ArrayLike, lows: ArrayLike, highs: ArrayLike) -> Values:
    """Years from an estimate to the range in which the age lies, 0 inside of it: [N]; an age is a range of its own."""
    guess = np.asarray(estimates, np.float64)
    early = np.asarray(lows, np.float64) - guess
    late = guess - np.asarray(highs, np.float64)
    return np.maximum(0, np.maximum(early, late))


def _two_classes(scores: ArrayLike, positive: ArrayLike) -> tuple[Values, Flags]:
    values, truth = np.asarray(scores, np.float64), np.asarray(positive, np.bool_)
    if truth.all() or not truth.any():
        raise OneClass("Two classes are needed, and one of them has no case.")
    return values, truth
