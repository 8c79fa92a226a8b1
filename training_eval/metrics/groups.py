"""The same figure for every group of people, and how far groups lie apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from training_eval.metrics.arrays import Indices, Undefined, flags, numbers
from training_eval.metrics.intervals import Estimate, share

SMALLEST = 30
"""Cases of a group that is judged: of fewer, an exact interval spans more than 37 points of a share of one half."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Between the groups with the largest and the smallest figure.

    Attributes:
        largest: That group.
        smallest: That group.
        difference: Largest minus smallest figure, never negative.
        ratio: Largest by smallest; infinite where only the smallest is 0, and 1 where both are.
    """

    largest: str
    smallest: str
    difference: float
    ratio: float


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """One figure by group.

    Attributes:
        figures: By group, in the order of the names.
        left_out: Why the other groups have none.
    """

    figures: Mapping[str, Estimate]
    left_out: Mapping[str, str]

    def gap(self) -> Gap:
        """The largest difference of two groups, and their ratio.

        As in the "demographic differentials" of P. Grother et al., NISTIR 8280, 2019, and ISO/IEC 19795-10.

        Raises:
            Undefined: Fewer than two groups have a figure.
            ValueError: A figure is negative, so a ratio means nothing.
        """
        if len(self.figures) < 2:
            raise Undefined("a gap needs two groups with a figure")
        largest = max(self.figures, key=lambda name: self.figures[name].value)
        smallest = min(self.figures, key=lambda name: self.figures[name].value)
        high, low = self.figures[largest].value, self.figures[smallest].value
        return Gap(largest, smallest, high - low, _ratio(high, low))


def by_group(
    groups: Sequence[str | None], figure: Callable[[Indices], Estimate], smallest: int = SMALLEST
) -> GroupFigures:
    """A figure for the cases of each group.

    Args:
        groups: [N] the group of each case; None is left out.
        figure: From the indices of a group's cases.
        smallest: Groups whose figure rests on fewer cases are left out, and named.

    Raises:
        ValueError: What ``figure`` raises, but for ``Undefined``, which leaves the group out.
    """
    figures, left_out = {}, {}
    for name in sorted({group for group in groups if group is not None}):
        cases = np.array([index for index, group in enumerate(groups) if group == name], np.intp)
        try:
            estimate = figure(cases)
        except Undefined as undefined:
            left_out[name] = str(undefined)
            continue
        if estimate.count < smallest:
            left_out[name] = f"{estimate.count} cases, fewer than {smallest}"
        else:
            figures[name] = estimate
    return GroupFigures(figures, left_out)


@dataclass(frozen=True, slots=True)
class MatchErrors:
    """Errors of one threshold, the same for all groups; ``gap()`` of each is the fairness gap."""

    false_match: GroupFigures
    false_non_match: GroupFigures


def match_errors(
    scores: ArrayLike,
    same: ArrayLike,
    groups: Sequence[str | None],
    threshold: float,
    smallest: int = SMALLEST,
) -> MatchErrors:
    """False match and false non-match rate by group (ISO/IEC 19795-10).

    Args:
        scores: [N] similarity.
        same: [N] whether the pair is of one person.
        groups: [N] the group of both people, see ``shared``.
        threshold: At or above it a pair is accepted.
        smallest: As ``by_group``, of impostor or genuine pairs.

    Raises:
        ValueError: Shapes that do not agree, or scores that are not finite.
    """
    values = numbers(scores, "scores")
    truth = flags(same, "same", len(values))
    if len(groups) != len(values):
        raise ValueError(f"there are {len(groups)} groups for {len(values)} pairs")
    accepted = values >= threshold

    def false_match(cases: Indices) -> Estimate:
        impostors = cases[~truth[cases]]
        return share(int(accepted[impostors].sum()), len(impostors), "impostor pairs")

    def false_non_match(cases: Indices) -> Estimate:
        genuine = cases[truth[cases]]
        return share(int((~accepted[genuine]).sum()), len(genuine), "genuine pairs")

    return MatchErrors(by_group(groups, false_match, smallest), by_group(groups, false_non_match, smallest))


def shared(first: Sequence[str | None], second: Sequence[str | None]) -> list[str | None]:
    """The group of a pair: that of both people, None where they differ.

    Raises:
        ValueError: Lengths that differ.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} people cannot be paired with {len(second)}")
    return [one if one == other else None for one, other in zip(first, second, strict=True)]


def _ratio(high: float, low: float) -> float:
    if low < 0:
        raise ValueError("a ratio of negative figures means nothing")
    if low == 0:
        return 1.0 if high == 0 else np.inf
    return high / low
