"""From raw scores to probabilities, and from a wanted false-accept rate to a threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray


def platt(scores: ArrayLike, slope: float, intercept: float) -> NDArray[np.float64]:
    """Probability 1 / (1 + exp(-(slope * score + intercept))), without overflow.

    Source: J. Platt, "Probabilistic outputs for support vector machines", 1999, with the sign of
    both parameters turned so that a positive slope means that more is likelier.

    Args:
        scores: Any shape.
        slope: Per unit of score.
        intercept: Log-odds at score 0.

    Returns:
        float64 of the shape of ``scores``, in [0, 1].
    """
    log_odds = slope * np.asarray(scores, np.float64) + intercept
    return np.asarray(np.exp(-np.logaddexp(0.0, -log_odds)), np.float64)


def threshold_at_far(thresholds: Mapping[str, float], far: float) -> float:
    """Similarity threshold for a false-accept rate, between the rates that were measured.

    Linear in log10 of the rate, as rates are measured by decades. Outside the table the nearest
    entry holds: nothing was measured there.

    Args:
        thresholds: A card's table; its names are rates such as ``0.001`` or ``1e-3``.
        far: Wanted rate, above 0 and at most 1.

    Returns:
        The threshold: scores at or above it are accepted.

    Raises:
        ValueError: The table is empty, or a rate lies outside (0, 1].
    """
    table = sorted((_log_rate(float(name)), value) for name, value in thresholds.items())
    if not table:
        raise ValueError("the card has no thresholds by false-accept rate")
    rates, values = zip(*table, strict=True)
    return float(np.interp(_log_rate(far), rates, values))


def _log_rate(rate: float) -> float:
    if not 0 < rate <= 1:
        raise ValueError(f"a false-accept rate lies above 0 and at most at 1, not at {rate}")
    return math.log10(rate)
