"""From the outputs of the deepfake networks to one score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from models.catalogue.card import ModelCard
from models.processing.calibration import platt

_EPSILON = 1e-6
"""Keeps log-odds finite where a network is certain."""


def forgery_evidence(values: NDArray[np.float32], cards: Sequence[ModelCard]) -> float:
    """Weighted mean of the networks' log-odds of "forged".

    Args:
        values: [networks]: each network's probability that the face is genuine.
        cards: With ``decoding`` weight.
    """
    genuine = np.clip(values.astype(np.float64), _EPSILON, 1 - _EPSILON)
    weights = np.array([cast(float, card.decoding["weight"]) for card in cards])
    return float(weights @ np.log((1 - genuine) / genuine) / weights.sum())


def forgery_score(values: NDArray[np.float32], cards: Sequence[ModelCard]) -> float:
    """Probability in [0, 1] that the face is forged: the evidence, calibrated as the first card says."""
    calibration = cards[0].calibration
    slope, intercept = (calibration.slope, calibration.intercept) if calibration else (1.0, 0.0)
    return float(platt(forgery_evidence(values, cards), slope, intercept))
