"""Two classes and one score: the curve of errors, the area under it, and where both errors are equal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import roc_auc_score, roc_curve

from training_eval.metrics.arrays import Flags, Undefined, Values, flags, numbers, share_wanted


@dataclass(frozen=True, slots=True)
class ErrorCurve:
    """Both errors at every threshold that makes a difference, from the strictest to the laxest.

    Attributes:
        thresholds: [K] falling, the first infinite; a score at or above it is called positive.
        false_positive: [K] share of the negatives that are called positive, rising from 0 to 1.
        true_positive: [K] share of the positives that are called so, rising from 0 to 1.
    """

    thresholds: Values
    false_positive: Values
    true_positive: Values

    @property
    def false_negative(self) -> Values:
        """[K] share of the positives that are not called so, falling from 1 to 0."""
        return 1 - self.true_positive

    def true_positive_at(self, rate: float) -> float:
        """Largest share of positives found with no more than ``rate`` of the negatives called positive."""
        allowed = np.searchsorted(self.false_positive, share_wanted(rate, "the rate"), side="right")
        return float(self.true_positive[allowed - 1])

    def equal_error(self) -> float:
        """Where both errors are equal, by a straight line between the two thresholds around it."""
        gaps = self.false_negative - self.false_positive
        after = int(np.argmax(gaps <= 0))
        part = gaps[after - 1] / (gaps[after - 1] - gaps[after])
        rates = self.false_positive
        return float(rates[after - 1] + part * (rates[after] - rates[after - 1]))


def error_curve(scores: ArrayLike, positive: ArrayLike, weights: Values | None = None) -> ErrorCurve:
    """The receiver operating characteristic, as errors.

    Source: T. Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27, 2006; equal scores move
    together. As false match over false non-match it is the DET curve of ISO/IEC 19795-1.

    Args:
        scores: [N], higher for positives.
        positive: [N] yes or no.
        weights: [N] how often each case counts; once if left out.

    Raises:
        ValueError: Shapes that do not agree, or scores that are not finite.
        Undefined: One class is missing.
    """
    values, truth = two_classes(scores, positive, weights)
    false, true, thresholds = roc_curve(truth, values, sample_weight=weights, drop_intermediate=False)
    return ErrorCurve(np.asarray(thresholds, np.float64), np.asarray(false), np.asarray(true))


def area(scores: ArrayLike, positive: ArrayLike, weights: Values | None = None) -> float:
    """Area under the ROC curve: how often a positive scores above a negative, ties counted by half.

    Source: J. Hanley and B. McNeil, "The meaning and use of the area under a ROC curve", Radiology 143, 1982.

    Args:
        scores: [N], higher for positives.
        positive: [N] yes or no.
        weights: [N] how often each case counts; once if left out.

    Raises:
        ValueError: Shapes that do not agree, or scores that are not finite.
        Undefined: One class is missing.
    """
    values, truth = two_classes(scores, positive, weights)
    return float(roc_auc_score(truth, values, sample_weight=weights))


def two_classes(
    scores: ArrayLike, positive: ArrayLike, weights: Values | None = None
) -> tuple[Values, Flags]:
    """Scores and classes, once it is sure that both classes are there.

    Raises:
        ValueError: Shapes that do not agree, or scores that are not finite.
        Undefined: One class is missing.
    """
    values = numbers(scores, "scores")
    truth = flags(positive, "classes", len(values))
    counted = truth if weights is None else truth[numbers(weights, "weights", len(values)) > 0]
    if counted.all() or not counted.any():
        raise Undefined("two classes are needed, and one of them has no case")
    return values, truth
