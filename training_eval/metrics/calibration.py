"""Whether a probability of 0.8 means eight of ten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from training_eval.metrics.arrays import Flags, Indices, Undefined, Values, flags, numbers

Binning = Literal["width", "mass"]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins that hold a case, from low to high probabilities.

    Attributes:
        predicted: [B] mean probability.
        observed: [B] share of the cases that came true.
        counts: [B] cases.
    """

    predicted: Values
    observed: Values
    counts: Indices

    @property
    def error(self) -> float:
        """The expected calibration error."""
        return float(np.average(np.abs(self.predicted - self.observed), weights=self.counts))


def reliability(
    probabilities: ArrayLike, happened: ArrayLike, bins: int = 10, binning: Binning = "width"
) -> Reliability:
    """Cases by their probability.

    Sources: equal width: C. Guo et al., "On calibration of modern neural networks", ICML 2017; equal mass:
    K. Nguyen and B. O'Connor, EMNLP 2015. Equal probabilities share a bin, so bins of equal mass are equal as far
    as ties allow. A bin reaches from its lower edge, excluded, to its upper one.

    Args:
        probabilities: [N] in [0, 1].
        happened: [N] yes or no.
        bins: At least 1.
        binning: Equal width over [0, 1], or equal numbers of cases.

    Raises:
        ValueError: Shapes that do not agree, probabilities outside [0, 1], no bin.
        Undefined: No case.
    """
    values, truth = _checked(probabilities, happened)
    if bins < 1:
        raise ValueError(f"{bins} bins are too few")
    edges = np.linspace(0, 1, bins + 1)[1:-1]
    if binning == "mass":
        edges = np.sort(values)[-(-np.arange(1, bins) * len(values) // bins) - 1]
    places = np.searchsorted(np.unique(edges), values, side="left")
    counts = np.bincount(places)
    held = counts > 0
    predicted = np.bincount(places, weights=values)[held] / counts[held]
    observed = np.bincount(places, weights=truth)[held] / counts[held]
    return Reliability(predicted, observed, counts[held])


def expected_calibration_error(
    probabilities: ArrayLike, happened: ArrayLike, bins: int = 10, binning: Binning = "width"
) -> float:
    """Mean distance of probability and share over the bins, by their cases; as ``reliability``.

    Source: M. Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.
    """
    return reliability(probabilities, happened, bins, binning).error


def brier(probabilities: ArrayLike, happened: ArrayLike) -> float:
    """Mean squared distance of the probability from what happened, in [0, 1].

    Source: G. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78, 1950
    (the form for two classes, which is half of his).

    Raises:
        ValueError: Shapes that do not agree, or probabilities outside [0, 1].
        Undefined: No case.
    """
    values, truth = _checked(probabilities, happened)
    return float(np.mean((values - truth) ** 2))


def _checked(probabilities: ArrayLike, happened: ArrayLike) -> tuple[Values, Flags]:
    values = numbers(probabilities, "probabilities")
    if ((values < 0) | (values > 1)).any():
        raise ValueError("probabilities lie in [0, 1]")
    truth = flags(happened, "what happened", len(values))
    if not len(values):
        raise Undefined("there are no cases")
    return values, truth
