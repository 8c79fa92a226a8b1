"""Presentation attack detection by ISO/IEC 30107-3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from training_eval.metrics.arrays import Flags, Undefined, Values, flags, numbers
from training_eval.metrics.intervals import Estimate, share
from training_eval.metrics.thresholds import lowest_threshold

UNNAMED = "unnamed"
"""Attacks whose type nobody wrote down."""


@dataclass(frozen=True, slots=True)
class Presentations:
    """Scores of presentations that were judged, and how many were not.

    Attributes:
        live: [N] scores of bona fide presentations, higher for live.
        attacks: Scores by type of attack (the species of the instrument, such as ``print``).
        live_silent: Bona fide presentations that could not be classified.
        attack_silent: The same of attacks, by type.
    """

    live: Values
    attacks: Mapping[str, Values]
    live_silent: int
    attack_silent: Mapping[str, int]

    def apcer(self, threshold: float) -> dict[str, Estimate]:
        """Attack presentation classification error rate by type: attacks that score as live.

        Presentations that could not be classified are no part of it; they are in ``apnrr``.
        """
        return {
            kind: share(int((scores >= threshold).sum()), len(scores))
            for kind, scores in self.attacks.items()
            if len(scores)
        }

    def worst_apcer(self, threshold: float) -> tuple[str, Estimate]:
        """The figure of the standard: the type of attack that passes most often; its name first.

        Raises:
            Undefined: No attack was judged.
        """
        rates = self.apcer(threshold)
        if not rates:
            raise Undefined("no attack presentation was classified")
        return max(rates.items(), key=lambda entry: entry[1].value)

    def bpcer(self, threshold: float) -> Estimate:
        """Bona fide presentation classification error rate: live people who score as attacks.

        Raises:
            Undefined: No bona fide presentation was judged.
        """
        return share(int((self.live < threshold).sum()), len(self.live), "bona fide presentations")

    def acer(self, threshold: float) -> float:
        """Mean of the worst APCER and BPCER; the field reports it, the standard dropped it.

        Raises:
            Undefined: One of the two is.
        """
        return (self.worst_apcer(threshold)[1].value + self.bpcer(threshold).value) / 2

    def apnrr(self) -> dict[str, Estimate]:
        """Attack presentation non-response rate by type: attacks that could not be classified."""
        return {
            kind: share(silent, silent + len(self.attacks[kind]))
            for kind, silent in self.attack_silent.items()
        }

    def bpnrr(self) -> Estimate:
        """Bona fide presentation non-response rate.

        Raises:
            Undefined: There is no bona fide presentation.
        """
        return share(self.live_silent, self.live_silent + len(self.live), "bona fide presentations")

    def threshold_at(self, apcer: float) -> float:
        """Lowest threshold at which no type of attack passes more often than ``apcer``.

        Raises:
            ValueError: A rate outside [0, 1].
            Undefined: No attack was judged.
        """
        thresholds = [lowest_threshold(scores, apcer) for scores in self.attacks.values() if len(scores)]
        if not thresholds:
            raise Undefined("no attack presentation was classified")
        return max(thresholds)

    def bpcer_at(self, apcer: float) -> Estimate:
        """BPCER where the worst APCER is ``apcer`` or less: BPCER10 at 0.1, BPCER20 at 0.05.

        Raises:
            ValueError: A rate outside [0, 1].
            Undefined: No attack or no bona fide presentation was judged.
        """
        return self.bpcer(self.threshold_at(apcer))


def presentations(
    scores: ArrayLike,
    live: ArrayLike,
    attacks: Sequence[str | None],
    classified: ArrayLike | None = None,
) -> Presentations:
    """Sort presentations by what they are.

    Source: ISO/IEC 30107-3:2023.

    Args:
        scores: [N] higher for live. Whatever stands where ``classified`` is no is not looked at.
        live: [N] whether it is a bona fide presentation.
        attacks: [N] the type of attack; None for bona fide ones and for attacks whose type is not known.
        classified: [N] whether there was an answer at all (a face was found); all of them if left out.

    Raises:
        ValueError: Shapes that do not agree, scores that are not finite, or a live presentation with an attack.
    """
    raw = np.asarray(scores, np.float64)
    truth = flags(live, "live", len(raw) if raw.ndim else 0)
    answered = (
        np.ones(len(truth), bool) if classified is None else flags(classified, "classified", len(truth))
    )
    values = numbers(np.where(answered, raw, 0.0), "scores", len(truth))
    kinds = _kinds(attacks, truth)
    names = sorted(set(kinds[~truth].tolist()))
    return Presentations(
        live=values[truth & answered],
        attacks={name: values[(kinds == name) & answered] for name in names},
        live_silent=int((truth & ~answered).sum()),
        attack_silent={name: int(((kinds == name) & ~answered).sum()) for name in names},
    )


def _kinds(attacks: Sequence[str | None], live: Flags) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """The type of each attack, empty for bona fide presentations."""
    if len(attacks) != len(live):
        raise ValueError(f"attacks has {len(attacks)} entries, and there are {len(live)} cases")
    if any(kind is not None for kind, bona_fide in zip(attacks, live, strict=True) if bona_fide):
        raise ValueError("a live presentation has no type of attack")
    named = [kind or UNNAMED for kind in attacks]
    return np.where(live, "", np.array(named, dtype=object))
