"""False-accept rates and similarities, as a model's card puts them together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bentos.contracts import ModelCards
from bentos.contracts.service import FigureInfo

ACCEPTED = "true-accept rate at the threshold for "


@dataclass(frozen=True, slots=True)
class Rates:
    """What a card says of the scores of two faces.

    Attributes:
        thresholds: Similarity by false-accept rate, the largest rate first.
        accepted: (Similarity, share of pairs of one person that reach it), measured; empty where the card has none.
        measured_on: What ``accepted`` was measured on.
    """

    thresholds: Mapping[float, float]
    accepted: Sequence[tuple[float, float]] = ()
    measured_on: str = ""

    @classmethod
    def of_card(cls, card: ModelCards) -> Rates | None:
        """The card's table; None where it has no rates."""
        table = {rate: value for name, value in card.thresholds.items() if (rate := _rate(name)) is not None}
        if not table:
            return None
        thresholds = dict(sorted(table.items(), reverse=True))
        figures = [one for one in card.metrics if _rate(one.metric.removeprefix(ACCEPTED)) in thresholds]
        same = [one for one in figures if _set_of(one) == _set_of(figures[0])]
        points = [(thresholds[float(one.metric.removeprefix(ACCEPTED))], one.value) for one in same]
        return cls(thresholds, sorted(points), _set_of(figures[0]) if figures else "")

    def threshold(self, far: float) -> float:
        """Similarity from which on a pair counts as one person.

        As the service has it: linear in log10 of the rate; outside the table its nearest entry holds.
        """
        rates = [math.log10(rate) for rate in self.thresholds]
        return _between(math.log10(far), rates, list(self.thresholds.values()))

    def rate_at(self, similarity: float) -> float | None:
        """Share of pairs of two people that reach a similarity; None outside the table."""
        values = list(self.thresholds.values())
        if not min(values) <= similarity <= max(values):
            return None
        rates = [math.log10(rate) for rate in self.thresholds]
        return float(10.0 ** _between(similarity, values, rates))

    def in_words(self, similarity: float) -> str:
        """How often two people are as alike."""
        rate = self.rate_at(similarity)
        if rate is not None:
            return f"About {one_in(rate)} pairs of two people are as alike or more."
        largest, smallest = max(self.thresholds), min(self.thresholds)
        if similarity < self.thresholds[largest]:
            return f"More than {one_in(largest)} pairs of two people are as alike or more."
        return f"Fewer than {one_in(smallest)} pairs of two people are as alike or more."


def one_in(rate: float) -> str:
    """A rate for people, with two digits that count: 0.001 is "1 in 1,000"."""
    number = 1 / rate
    return f"1 in {round(number, 1 - math.floor(math.log10(number))):,.0f}"


def _rate(name: str) -> float | None:
    try:
        rate = float(name)
    except ValueError:
        return None
    return rate if 0 < rate <= 1 else None


def _set_of(figure: FigureInfo) -> str:
    """The data of a figure, without the counts that some cards add to each."""
    return figure.dataset.partition(":")[0]


def _between(at: float, places: Sequence[float], values: Sequence[float]) -> float:
    """Linear between neighbours, the nearest value outside."""
    pairs = sorted(zip(places, values, strict=True))
    if at <= pairs[0][0]:
        return pairs[0][1]
    for (left, low), (right, high) in pairwise(pairs):
        if at <= right:
            return low + (high - low) * (at - left) / (right - left)
    return pairs[-1][1]
