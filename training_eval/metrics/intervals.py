"""How sure a figure is: exact intervals of shares, and the bootstrap for everything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta, norm

from training_eval.metrics.arrays import Indices, Undefined, Values

CONFIDENCE = 0.95
ROUNDS = 1000
WeightedStatistic = Callable[[Values], float]
"""A figure of all cases, each of which counts as often as its weight [N] says."""


@dataclass(frozen=True, slots=True)
class Interval:
    """From ``low`` to ``high``, both ends included."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, its interval and the cases that it rests on.

    Attributes:
        value: A share in [0, 1], or in the unit that the function names.
        interval: The 95 % interval; None where the cases say nothing about their own spread.
        count: Cases.
    """

    value: float
    interval: Interval | None
    count: int


def clopper_pearson(hits: int, count: int, confidence: float = CONFIDENCE) -> Interval:
    """Exact interval of a binomial share: it holds the truth at least as often as it says.

    Source: C. Clopper and E. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26, 1934, by quantiles of the beta distribution. Cases have to be independent.

    Args:
        hits: From 0 to ``count``.
        count: Cases; of none nothing is known, so the interval is [0, 1].
        confidence: In (0, 1).

    Raises:
        ValueError: Numbers outside these limits.
    """
    tail = _tail(hits, count, confidence)
    low = 0.0 if hits == 0 else float(beta.ppf(tail, hits, count - hits + 1))
    high = 1.0 if hits == count else float(beta.ppf(1 - tail, hits + 1, count - hits))
    return Interval(low, high)


def wilson(hits: int, count: int, confidence: float = CONFIDENCE) -> Interval:
    """Score interval of a binomial share: right on average, so narrower than the exact one.

    Source: E. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.

    Args:
        hits: From 0 to ``count``.
        count: Cases; of none nothing is known, so the interval is [0, 1].
        confidence: In (0, 1).

    Raises:
        ValueError: Numbers outside these limits.
    """
    tail = _tail(hits, count, confidence)
    if count == 0:
        return Interval(0.0, 1.0)
    z, share = float(norm.ppf(1 - tail)), hits / count
    centre = share + z * z / (2 * count)
    half = z * np.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    scale = 1 + z * z / count
    low = 0.0 if hits == 0 else float((centre - half) / scale)
    return Interval(low, 1.0 if hits == count else float((centre + half) / scale))


def share(hits: int, count: int, what: str = "cases") -> Estimate:
    """A share of independent cases with its exact interval.

    Raises:
        Undefined: There are no cases; ``what`` names them.
    """
    if count == 0:
        raise Undefined(f"there are no {what}")
    return Estimate(hits / count, clopper_pearson(int(hits), count), count)


def bootstrap(
    statistic: WeightedStatistic,
    units: Indices,
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> Interval | None:
    """Percentile interval of a figure when what is independent is drawn again, with replacement.

    What is drawn are units, not cases: people rather than their pictures, videos rather than their frames. A case
    of one unit counts as often as that unit was drawn; a pair of two people as often as both were drawn together.

    Sources: B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7, 1979; clusters:
    C. Field and A. Welsh, JRSS B 69, 2007; pairs: A. Owen, "The pigeonhole bootstrap", Annals of Applied
    Statistics 1, 2007, whose intervals are never too narrow on average.

    Args:
        statistic: Of the weights [N]; draws on which it raises ``Undefined`` are left out.
        units: [N] the unit of each case, or [N, 2] the two units of each pair, as numbers from 0 on.
        rounds: Draws.
        seed: The same seed gives the same interval.
        confidence: In (0, 1).

    Returns:
        None where there is one unit alone, or where the figure is undefined on more than half of the draws.

    Raises:
        ValueError: Units of another shape.
    """
    if units.ndim not in (1, 2) or (units.ndim == 2 and units.shape[1] != 2):
        raise ValueError(f"units have the shape {units.shape} instead of [N] or [N, 2]")
    total = int(units.max()) + 1 if units.size else 0
    if total < 2:
        return None
    random, found = np.random.default_rng(seed), []
    for _ in range(rounds):
        drawn = np.bincount(random.integers(total, size=total), minlength=total).astype(np.float64)
        try:
            found.append(statistic(_weights(units, drawn)))
        except Undefined:
            continue
    if 2 * len(found) <= rounds:
        return None
    tail = (1 - confidence) / 2
    low, high = np.quantile(found, (tail, 1 - tail))
    return Interval(float(low), float(high))


def _weights(units: Indices, drawn: Values) -> Values:
    if units.ndim == 1:
        return drawn[units]
    first, second = units.T
    return np.where(first == second, drawn[first], drawn[first] * drawn[second])


def _tail(hits: int, count: int, confidence: float) -> float:
    if not 0 <= hits <= count:
        raise ValueError(f"{hits} of {count} is no share")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence lies between 0 and 1, not at {confidence}")
    return (1 - confidence) / 2
