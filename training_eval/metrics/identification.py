"""One to many: who of the gallery is it, and is it anybody?"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from training_eval.metrics.arrays import Indices, Undefined, Values, numbers
from training_eval.metrics.intervals import Estimate, share
from training_eval.metrics.thresholds import lowest_threshold


@dataclass(frozen=True, slots=True)
class Searches:
    """What searches of probes in a gallery came to; a person's score is the best of that person's pictures.

    Attributes:
        mate_ranks: [M] of the probes whose person is in the gallery: that person's rank, from 1 on. Equal scores
            count as ahead.
        mate_scores: [M] that person's score.
        stranger_scores: [S] of the probes whose person is not: the best score of anybody.
        people: In the gallery.
    """

    mate_ranks: Indices
    mate_scores: Values
    stranger_scores: Values
    people: int

    def rank_rate(self, rank: int = 1) -> Estimate:
        """Closed set: share of the mated searches whose person is among the best ``rank``.

        Raises:
            ValueError: A rank below 1.
            Undefined: No mated search.
        """
        if rank < 1:
            raise ValueError(f"ranks count from 1, not from {rank}")
        return share(int((self.mate_ranks <= rank).sum()), len(self.mate_ranks), "mated searches")

    def match_curve(self) -> Values:
        """The cumulative match characteristic: ``rank_rate`` of 1, 2, … people, [people].

        Raises:
            Undefined: No mated search.
        """
        if not len(self.mate_ranks):
            raise Undefined("there are no mated searches")
        counts = np.bincount(self.mate_ranks - 1, minlength=self.people)
        return np.cumsum(counts) / len(self.mate_ranks)

    def fpir(self, threshold: float) -> Estimate:
        """False-positive identification rate: unmated searches that return anybody at or above the threshold.

        Raises:
            Undefined: No unmated search.
        """
        return share(
            int((self.stranger_scores >= threshold).sum()), len(self.stranger_scores), "unmated searches"
        )

    def fnir(self, threshold: float, rank: int = 1) -> Estimate:
        """False-negative identification rate: mated searches that miss the mate.

        The mate is missed if it scores below the threshold or stands behind ``rank``.

        Raises:
            ValueError: A rank below 1.
            Undefined: No mated search.
        """
        if rank < 1:
            raise ValueError(f"ranks count from 1, not from {rank}")
        missed = (self.mate_scores < threshold) | (self.mate_ranks > rank)
        return share(int(missed.sum()), len(missed), "mated searches")

    def threshold_at(self, fpir: float) -> float:
        """Lowest threshold whose false-positive identification rate is ``fpir`` or less.

        Raises:
            ValueError: A rate outside [0, 1].
            Undefined: No unmated search, or fewer than 1 / ``fpir``.
        """
        if fpir * len(self.stranger_scores) < 1 - 1e-9:
            raise Undefined(f"an FPIR of {fpir:g} cannot be measured on {len(self.stranger_scores)} searches")
        return lowest_threshold(self.stranger_scores, fpir)


def search(similarity: ArrayLike, probes: Sequence[Hashable], gallery: Sequence[Hashable]) -> Searches:
    """Every probe against the whole gallery.

    Terms as in ISO/IEC 19795-1:2021. A gallery picture that is a probe itself has to be left out by the caller.

    Args:
        similarity: [P, G] of each probe to each gallery picture.
        probes: [P] who it is.
        gallery: [G] who it is.

    Raises:
        ValueError: Shapes that do not agree, or a similarity that is not finite.
        Undefined: The gallery is empty.
    """
    table = np.asarray(similarity, np.float64)
    if table.shape != (len(probes), len(gallery)):
        raise ValueError(f"similarities are {table.shape} for {len(probes)} probes, {len(gallery)} pictures")
    numbers(table.ravel(), "similarities")
    if not len(gallery):
        raise Undefined("the gallery is empty")
    column = {person: index for index, person in enumerate(dict.fromkeys(gallery))}
    columns = np.array([column[person] for person in gallery], np.intp)
    order = np.argsort(columns, kind="stable")
    starts = np.searchsorted(columns[order], np.arange(len(column)))
    best = np.maximum.reduceat(table[:, order], starts, axis=1)
    mated = np.array([probe in column for probe in probes], bool)
    own = np.array([column[probe] for probe in probes if probe in column], np.intp)
    scores = best[mated, own]
    ranks = (best[mated] >= scores[:, None]).sum(axis=1)
    return Searches(ranks.astype(np.intp), scores, best[~mated].max(axis=1), len(column))
