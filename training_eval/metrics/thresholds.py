"""The threshold that lets no more through than was asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from training_eval.metrics.arrays import Undefined, numbers, share_wanted


def lowest_threshold(scores: ArrayLike, rate: float) -> float:
    """Lowest threshold at or above which no more than ``rate`` of the scores lie.

    Equal scores are kept or left together, so the share reached may be smaller than asked for: it never is larger.

    Args:
        scores: [N] of those who should be refused.
        rate: In [0, 1].

    Returns:
        Just above one of the scores; minus infinity where all may pass.

    Raises:
        ValueError: Scores that are not finite or not [N], or a rate outside [0, 1].
        Undefined: No scores.
    """
    ranked = np.sort(numbers(scores, "scores"))[::-1]
    if not len(ranked):
        raise Undefined("a threshold needs scores of those who should be refused")
    shares = np.arange(1, len(ranked) + 1) / len(ranked)
    passing = int(np.searchsorted(shares, share_wanted(rate, "the rate"), side="right"))
    return float(np.nextafter(ranked[passing], np.inf)) if passing < len(ranked) else -np.inf
