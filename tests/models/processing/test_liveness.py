"""The mean of the antispoofing networks."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalogue.antispoofing import CARDS
from models.catalogue.card import ModelCard
from models.processing.liveness import decode_liveness


def values(*numbers: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(numbers, np.float32)


def weighted(card: ModelCard, weight: float) -> ModelCard:
    return replace(card, decoding=MappingProxyType({**card.decoding, "weight": weight}))


def test_both_networks_count_the_same_by_the_cards() -> None:
    found = decode_liveness(values(0.1, 0.7, 0.2, 0.3, 0.5, 0.2), CARDS)
    assert found.live == pytest.approx(0.6)
    assert found.attacks == pytest.approx({"replay": 0.2, "print": 0.2})


@pytest.mark.parametrize(
    ("row", "live", "replay", "printed"),
    [((0, 1, 0), 1, 0, 0), ((1, 0, 0), 0, 1, 0), ((0, 0, 1), 0, 0, 1)],
)
def test_each_class_has_its_name(
    row: tuple[float, float, float], live: float, replay: float, printed: float
) -> None:
    found = decode_liveness(values(*row, *row), CARDS)
    assert found.live == live
    assert found.attacks == {"replay": replay, "print": printed}


def test_weights_need_not_add_up_to_one() -> None:
    cards = (weighted(CARDS[0], 3.0), weighted(CARDS[1], 1.0))
    assert decode_liveness(values(0, 1, 0, 1, 0, 0), cards).live == pytest.approx(0.75)


def test_a_single_network() -> None:
    assert decode_liveness(values(0.25, 0.5, 0.25), CARDS[:1]).live == pytest.approx(0.5)


@given(st.lists(st.floats(-20, 20), min_size=6, max_size=6))
def test_probabilities_stay_probabilities(logits: list[float]) -> None:
    rows = np.exp(np.array(logits).reshape(2, 3))
    rows /= rows.sum(axis=1, keepdims=True)
    found = decode_liveness(rows.ravel().astype(np.float32), CARDS)
    every = [found.live, *found.attacks.values()]
    assert sum(every) == pytest.approx(1.0, abs=1e-5)
    assert min(every) >= 0.0


def test_numbers_that_are_no_rows_of_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="reshape"):
        decode_liveness(values(0.1, 0.9, 0.0, 0.5, 0.5), CARDS)
