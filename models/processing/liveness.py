"""From the outputs of the antispoofing networks to a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from models.catalogue.card import ModelCard


@dataclass(frozen=True, slots=True)
class Liveness:
    """Probabilities of one face; they add up to 1.

    Attributes:
        live: That a person stands before the camera.
        attacks: By kind of attack, that it is one.
    """

    live: float
    attacks: Mapping[str, float]


def decode_liveness(values: NDArray[np.float32], cards: Sequence[ModelCard]) -> Liveness:
    """Weighted mean of the networks' class probabilities.

    Args:
        values: [networks * classes], the classes of the first card first.
        cards: With ``decoding`` weight, live (index of the class) and attacks (kind by index).
    """
    rows = values.reshape(len(cards), -1).astype(np.float64)
    weights = np.array([cast(float, card.decoding["weight"]) for card in cards])
    mean = weights @ rows / weights.sum()
    main = cards[0].decoding
    attacks = cast(Mapping[int, str], main["attacks"])
    return Liveness(
        live=float(mean[cast(int, main["live"])]),
        attacks={kind: float(mean[index]) for index, kind in attacks.items()},
    )
