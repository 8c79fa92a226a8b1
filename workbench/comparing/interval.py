"""The exact interval of a share, without SciPy, which the workbench does not bring."""

from __future__ import annotations

import math
from collections.abc import Callable

CONFIDENCE = 0.95
_ROUNDS = 60
"""Halvings of [0, 1]: what is left is smaller than a double can tell."""


def exact_interval(hits: int, count: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Low and high end of the interval of a binomial share.

    Source: C. Clopper and E. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26, 1934: the shares at which so many hits or more, and so many or fewer, have the chance
    (1 - confidence) / 2. Both chances rise or fall with the share, so halving finds them.

    Args:
        hits: From 0 to ``count``.
        count: Independent cases; of none nothing is known, so the interval is [0, 1].
        confidence: In (0, 1).

    Raises:
        ValueError: Numbers outside these limits.
    """
    if not 0 <= hits <= count or not 0 < confidence < 1:
        raise ValueError(f"{hits} of {count} at a confidence of {confidence} is no share")
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _crossing(lambda share: _at_most(hits - 1, count, share) > 1 - tail)
    high = 1.0 if hits == count else _crossing(lambda share: _at_most(hits, count, share) > tail)
    return low, high


def in_words(hits: int, count: int) -> str:
    """A share with its interval, for people."""
    low, high = exact_interval(hits, count)
    return f"{hits / count:.1%} ({low:.1%} to {high:.1%})" if count else "-"


def _at_most(hits: int, count: int, share: float) -> float:
    """Chance of so many hits or fewer; falls with the share, which lies inside of (0, 1)."""
    return min(1.0, math.fsum(math.exp(_log_chance(hit, count, share)) for hit in range(hits + 1)))


def _log_chance(hits: int, count: int, share: float) -> float:
    ways = math.lgamma(count + 1) - math.lgamma(hits + 1) - math.lgamma(count - hits + 1)
    return ways + hits * math.log(share) + (count - hits) * math.log1p(-share)


def _crossing(below: Callable[[float], bool]) -> float:
    """Where a condition that holds for small shares ceases to."""
    low, high = 0.0, 1.0
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2
