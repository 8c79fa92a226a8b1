"""From the outputs of the age and gender network to years, an interval and a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from models.catalogue.card import ModelCard


@dataclass(frozen=True, slots=True)
class Demographics:
    """An estimate from looks.

    Attributes:
        age: Years.
        low: Years; lower end of the interval.
        high: Years; upper end of the interval.
        gender: One of the card's labels.
        confidence: Probability of that label, in [0.5, 1].
    """

    age: float
    low: float
    high: float
    gender: str
    confidence: float


def decode_demographics(values: NDArray[np.float32], card: ModelCard) -> Demographics:
    """Age within the card's limits, the interval of its age group, the likelier gender.

    The interval is the age plus and minus ``age_range_factor`` times the mean absolute error that the
    card gives for the estimate's age group; with errors normally or Laplace distributed it holds
    ``age_range_coverage`` of the cases.

    Args:
        values: [1 + genders]: years, then the probability of each label.
        card: With the numbers named above in ``decoding``.
    """
    decoding = card.decoding
    floor, ceiling = cast(tuple[float, float], decoding["age_limits"])
    age = float(np.clip(values[0], floor, ceiling))
    half = cast(float, decoding["age_range_factor"]) * _error_at(age, card)
    best = int(np.argmax(values[1:]))
    return Demographics(
        age=age,
        low=max(floor, age - half),
        high=min(ceiling, age + half),
        gender=cast(Sequence[str], decoding["genders"])[best],
        confidence=float(np.clip(values[1 + best], 0.0, 1.0)),
    )


def _error_at(age: float, card: ModelCard) -> float:
    groups = cast(Sequence[tuple[float, float]], card.decoding["age_mae"])
    return next((error for top, error in groups if age <= top), groups[-1][1])
