"""Age in years and gender, judged against what is known or against a range."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from training_eval.metrics.arrays import Undefined, Values, codes, numbers
from training_eval.metrics.groups import SMALLEST, GroupFigures, by_group
from training_eval.metrics.intervals import ROUNDS, Estimate, bootstrap, share

AGES = (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, np.inf)


def age_errors(estimates: ArrayLike, ages: ArrayLike) -> Values:
    """Distance in years between estimate and age: [N], never negative.

    Raises:
        ValueError: Shapes that do not agree, or numbers that are not finite.
    """
    known = numbers(ages, "ages")
    return np.abs(numbers(estimates, "estimates", len(known)) - known)


def range_errors(estimates: ArrayLike, lows: ArrayLike, highs: ArrayLike) -> Values:
    """Distance in years to the range in which the age lies, 0 inside of it: [N].

    For sets that give ages as ranges, such as FairFace. ``highs`` may be infinite ("70 and more").

    Raises:
        ValueError: Shapes that do not agree, numbers that are not finite, or a range that ends before it begins.
    """
    floor = numbers(lows, "lower ends")
    guess = numbers(estimates, "estimates", len(floor))
    top = np.asarray(highs, np.float64)
    ceiling = np.where(np.isposinf(top), np.finfo(np.float64).max, top)
    ceiling = numbers(ceiling, "upper ends", len(floor))
    if (ceiling < floor).any():
        raise ValueError("a range of ages ends before it begins")
    return np.maximum(0, np.maximum(floor - guess, guess - ceiling))


def mean_error(
    errors: ArrayLike, people: Sequence[Hashable] | None = None, *, rounds: int = ROUNDS, seed: int = 0
) -> Estimate:
    """Mean absolute error in years, with a bootstrap interval.

    Args:
        errors: [N] from ``age_errors`` or ``range_errors``.
        people: [N] who it is, where people come several times: they are what is drawn.
        rounds: Draws of the bootstrap.
        seed: Of the draws.

    Raises:
        ValueError: Shapes that do not agree, or an error that is negative or not finite.
        Undefined: No case.
    """
    years = _years(errors)
    units = np.arange(len(years)) if people is None else codes(people, "people", len(years))
    interval = bootstrap(
        lambda weights: float(np.average(years, weights=weights)), units, rounds=rounds, seed=seed
    )
    return Estimate(float(years.mean()), interval, len(years))


def cumulative_score(errors: ArrayLike, within: float = 5.0) -> Estimate:
    """CS: share of the estimates whose error is at most ``within`` years, with its exact interval.

    Source: X. Geng et al., "Learning from facial aging patterns", ACM Multimedia 2006.

    Raises:
        ValueError: Errors as for ``mean_error``, or years below 0.
        Undefined: No case.
    """
    if not within >= 0:
        raise ValueError(f"an error is at least 0 years, not {within}")
    years = _years(errors)
    return share(int((years <= within).sum()), len(years))


def error_by_age(
    errors: ArrayLike,
    ages: ArrayLike,
    edges: Sequence[float] = AGES,
    *,
    smallest: int = SMALLEST,
    rounds: int = ROUNDS,
) -> GroupFigures:
    """Mean absolute error by age.

    Args:
        errors: [N] in years.
        ages: [N] the known ones.
        edges: Rising, in years; a group reaches from its lower edge to below the next.
        smallest: Cases of a group that is judged.
        rounds: Draws of the bootstrap.

    Raises:
        ValueError: Shapes that do not agree, or edges that do not rise.
    """
    known = numbers(ages, "ages")
    years = numbers(errors, "errors", len(known))
    return by_group(age_groups(known, edges), lambda cases: mean_error(years[cases], rounds=rounds), smallest)


def age_groups(ages: ArrayLike, edges: Sequence[float] = AGES) -> list[str | None]:
    """The group of each age, such as ``20-29`` or ``70+``; None outside all of them.

    Raises:
        ValueError: Ages that are not finite, or edges that do not rise.
    """
    known, limits = numbers(ages, "ages"), np.asarray(edges, np.float64)
    if limits.ndim != 1 or len(limits) < 2 or not (np.diff(limits) > 0).all():
        raise ValueError("edges of ages have to rise")
    names = [
        f"{low:g}+" if np.isinf(high) else f"{low:g}-{high - 1:g}"
        for low, high in itertools.pairwise(limits.tolist())
    ]
    places = np.searchsorted(limits, known, side="right") - 1
    return [names[place] if 0 <= place < len(names) else None for place in places]


def gender_accuracy(estimates: Sequence[str], genders: Sequence[str]) -> Estimate:
    """Share of the labels that agree, with its exact interval.

    Raises:
        ValueError: Lengths that differ.
        Undefined: No case.
    """
    if len(estimates) != len(genders):
        raise ValueError(f"there are {len(estimates)} estimates for {len(genders)} people")
    agree = sum(guess == known for guess, known in zip(estimates, genders, strict=True))
    return share(agree, len(genders))


def _years(errors: ArrayLike) -> Values:
    years = numbers(errors, "errors")
    if (years < 0).any():
        raise ValueError("an error in years is never negative")
    if not len(years):
        raise Undefined("there are no cases")
    return years
