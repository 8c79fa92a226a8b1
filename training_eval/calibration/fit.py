"""Fits with one or two parameters, and what they say about the data."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
RATES = (0.1, 0.01, 0.001, 0.0001)
_STEPS = 100


def fit_platt(positive: Scores, negative: Scores) -> tuple[float, float]:
    """Slope and intercept of P(positive | score), for both classes equally likely beforehand.

    Targets are Platt's (n + 1) / (n + 2) and 1 / (n + 2), so that few examples never make a fit sure of itself.
    Source: J. Platt, "Probabilistic outputs for support vector machines", 1999; solved by Newton's method
    with the two classes weighted equally.
    """
    scores = np.concatenate([positive, negative])
    high, low = (len(positive) + 1) / (len(positive) + 2), 1 / (len(negative) + 2)
    targets = np.repeat([high, low], [len(positive), len(negative)])
    weights = np.repeat([0.5 / len(positive), 0.5 / len(negative)], [len(positive), len(negative)])
    design = np.column_stack([(scores - scores.mean()) / scores.std(), np.ones(len(scores))])
    solution = np.zeros(2)
    for _ in range(_STEPS):
        fitted = 1 / (1 + np.exp(-design @ solution))
        gradient = design.T @ (weights * (fitted - targets))
        curvature = design.T @ (design * (weights * fitted * (1 - fitted))[:, None]) + 1e-9 * np.eye(2)
        solution -= np.linalg.solve(curvature, gradient)
    slope = solution[0] / scores.std()
    return float(slope), float(solution[1] - slope * scores.mean())


def normal_thresholds(impostors: Scores) -> dict[float, float]:
    """Threshold for each rate if impostor scores are normal: how the tail beyond the data is guessed."""
    curve = NormalDist(float(impostors.mean()), float(impostors.std(ddof=1)))
    return {rate: curve.inv_cdf(1 - rate) for rate in RATES}


def counted_thresholds(impostors: Scores) -> dict[float, float]:
    """Threshold for each rate as counted; the rarest rest on a handful of pairs."""
    return {rate: float(np.quantile(impostors, 1 - rate)) for rate in RATES}


def accepted(scores: Scores, threshold: float) -> float:
    """Share of the scores at or above the threshold."""
    return float((scores >= threshold).mean())
