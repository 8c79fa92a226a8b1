"""From the outputs of the deepfake networks to one score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from models.catalogue.card import ModelCard
from models.processing.calibration import platt
from models.processing.trust import size_trust

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


def forgery_score(values: NDArray[np.float32], side: float, cards: Sequence[ModelCard]) -> float:
    """Probability in [0, 1] that the face is forged.

    The evidence counts as far as the face's size can be trusted (a small face, enlarged, looks forged) and
    is calibrated as the first card says.

    Args:
        values: [networks]: each network's probability that the face is genuine.
        side: Longer side of the face's box, in pixels of the picture as it was sent.
        cards: With ``decoding`` weight and trust_side, the first with a calibration.
    """
    main = cards[0]
    assert main.calibration is not None
    trust = size_trust(side, cast(tuple[float, float], main.decoding["trust_side"]))
    evidence = forgery_evidence(values, cards) * float(trust)
    return float(platt(evidence, main.calibration.slope, main.calibration.intercept))
