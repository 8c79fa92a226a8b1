"""One to one: are two pictures of one person?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training_eval.metrics.arrays import Flags, Indices, Undefined, Values, codes, share_wanted
from training_eval.metrics.intervals import ROUNDS, Estimate, bootstrap
from training_eval.metrics.roc import area, error_curve, two_classes

People = Sequence[tuple[Hashable, Hashable]]
"""The two people of each pair."""


@dataclass(frozen=True, slots=True)
class FoldedAccuracy:
    """What the protocol of Labeled Faces in the Wild reports.

    Attributes:
        mean: Of the folds.
        standard_error: Of that mean: the folds' standard deviation (n - 1) over the root of their number.
        folds: [F] accuracy on each fold, in the order of the folds' names.
        thresholds: [F] found on the other folds.
        count: Pairs.
    """

    mean: float
    standard_error: float
    folds: Values
    thresholds: Values
    count: int


def folded_accuracy(scores: ArrayLike, same: ArrayLike, folds: ArrayLike) -> FoldedAccuracy:
    """Accuracy on each fold at the threshold that is best on all others.

    Source: G. Huang et al., "Labeled Faces in the Wild", UMass Amherst 07-49, 2007 ("View 2", ten folds). The
    threshold lies midway between two scores; of several that are as good the lowest.

    Args:
        scores: [N] similarity.
        same: [N] whether the pair is of one person.
        folds: [N] the fold of each pair, any number of at least two.

    Raises:
        ValueError: Shapes that do not agree, scores that are not finite, one fold alone.
        Undefined: One class is missing.
    """
    values, truth = two_classes(scores, same)
    places = np.asarray(folds)
    names = np.unique(places)
    if places.shape != values.shape or len(names) < 2:
        raise ValueError("every pair needs its fold, and there have to be two folds at least")
    thresholds = np.array([best_threshold(values[places != name], truth[places != name]) for name in names])
    reached = np.array(
        [
            np.mean((values[places == name] >= threshold) == truth[places == name])
            for name, threshold in zip(names, thresholds, strict=True)
        ]
    )
    error = float(reached.std(ddof=1) / np.sqrt(len(names)))
    return FoldedAccuracy(float(reached.mean()), error, reached, thresholds, len(values))


def best_threshold(scores: Values, same: Flags) -> float:
    """The threshold with the highest accuracy, midway between scores; the lowest of several."""
    order = np.argsort(scores, kind="stable")
    ranked, truth = scores[order], same[order]
    below = np.concatenate([[0], np.cumsum(~truth)])
    above = np.concatenate([np.cumsum(truth[::-1])[::-1], [0]])
    middle = ranked[:-1] / 2 + ranked[1:] / 2
    middle = np.where(middle > ranked[:-1], middle, ranked[1:])
    edges = np.concatenate([ranked[:1], middle, np.nextafter(ranked[-1:], np.inf)])
    between = np.concatenate([[True], ranked[1:] > ranked[:-1], [True]])
    right = np.where(between, below + above, -1)
    return float(edges[int(np.argmax(right))])


def tar_at_far(
    scores: ArrayLike,
    same: ArrayLike,
    far: float,
    *,
    people: People | None = None,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Estimate:
    """True-accept rate at the lowest threshold that accepts no more than ``far`` of the impostors.

    Both as in ISO/IEC 19795-1, where every pair was taken and compared: 1 - FNMR at a given FMR.

    Args:
        scores: [N] similarity.
        same: [N] whether the pair is of one person.
        far: In [0, 1].
        people: Who the pairs are of. The interval then comes from drawing people; without, pairs are taken for
            independent, which is too hopeful where people come in several pairs.
        rounds: Draws of the bootstrap.
        seed: Of the draws.

    Returns:
        The share, with the number of genuine pairs.

    Raises:
        ValueError: Shapes that do not agree, scores that are not finite, a rate outside [0, 1].
        Undefined: One class is missing, or there are fewer impostors than 1 / ``far``.
    """
    values, truth = two_classes(scores, same)
    impostors = int((~truth).sum())
    if share_wanted(far, "the false-accept rate") * impostors < 1 - 1e-9:
        raise Undefined(f"a false-accept rate of {far:g} cannot be measured on {impostors} impostor pairs")

    def statistic(weights: Values | None) -> float:
        return error_curve(values, truth, weights).true_positive_at(far)

    return _estimate(statistic, int(truth.sum()), _units(people, len(values)), rounds, seed)


def equal_error_rate(
    scores: ArrayLike,
    same: ArrayLike,
    *,
    people: People | None = None,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Estimate:
    """Where false match and false non-match are equal; arguments and errors as ``tar_at_far``."""
    values, truth = two_classes(scores, same)

    def statistic(weights: Values | None) -> float:
        return error_curve(values, truth, weights).equal_error()

    return _estimate(statistic, len(values), _units(people, len(values)), rounds, seed)


def verification_auc(
    scores: ArrayLike,
    same: ArrayLike,
    *,
    people: People | None = None,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Estimate:
    """Area under the ROC curve; arguments and errors as ``tar_at_far``."""
    values, truth = two_classes(scores, same)

    def statistic(weights: Values | None) -> float:
        return area(values, truth, weights)

    return _estimate(statistic, len(values), _units(people, len(values)), rounds, seed)


def _estimate(
    statistic: Callable[[Values | None], float], count: int, units: Indices, rounds: int, seed: int
) -> Estimate:
    return Estimate(statistic(None), bootstrap(statistic, units, rounds=rounds, seed=seed), count)


def _units(people: People | None, count: int) -> NDArray[np.intp]:
    if people is None:
        return np.arange(count)
    if len(people) != count or any(len(pair) != 2 for pair in people):
        raise ValueError(f"every one of the {count} pairs needs its two people")
    flat = [person for pair in people for person in pair]
    return codes(flat, "people", 2 * count).reshape(count, 2)
