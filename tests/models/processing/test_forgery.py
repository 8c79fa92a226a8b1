"""One forgery score out of the ensemble's probabilities."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalogue.card import ModelCard
from models.catalogue.deepfake import MESO4_DF, MESOINCEPTION_DF
from models.processing.forgery import forgery_evidence, forgery_score

CARDS = (MESO4_DF, MESOINCEPTION_DF)
LARGE, SMALL = 200.0, 50.0


def evidence(*genuine: float, cards: tuple[ModelCard, ...] = CARDS) -> float:
    return forgery_evidence(np.array(genuine, np.float32), cards)


def score(side: float, *genuine: float) -> float:
    return forgery_score(np.array(genuine, np.float32), side, CARDS)


def logistic(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def test_evidence_is_the_mean_of_the_log_odds() -> None:
    assert evidence(0.5, 0.5) == pytest.approx(0.0)
    assert evidence(0.25, 0.5) == pytest.approx(math.log(3) / 2)
    assert evidence(0.25, 0.75) == pytest.approx(0.0, abs=1e-7)


def test_evidence_counts_as_the_cards_weigh_it() -> None:
    heavy = replace(MESO4_DF, decoding=MappingProxyType({**MESO4_DF.decoding, "weight": 1.5}))
    assert evidence(0.25, 0.5, cards=(heavy, MESOINCEPTION_DF)) == pytest.approx(0.75 * math.log(3))


def test_a_certain_network_leaves_the_evidence_finite() -> None:
    assert evidence(0.0, 0.0) == pytest.approx(math.log(1e6), rel=1e-3)
    assert evidence(1.0, 1.0) == pytest.approx(-math.log(1e6), rel=1e-3)
    assert evidence(-0.1, 1.1) == pytest.approx(0.0, abs=1e-6)


def test_a_large_face_is_calibrated_as_the_card_says() -> None:
    assert score(LARGE, 0.1, 0.1) == pytest.approx(logistic(0.806 * math.log(9) - 2.613), abs=1e-5)


@pytest.mark.parametrize("side", [0.0, 10.0, SMALL])
def test_a_small_face_carries_no_evidence(side: float) -> None:
    assert score(side, 0.0, 0.0) == score(side, 1.0, 1.0) == pytest.approx(logistic(-2.613))


def test_half_the_way_is_half_the_evidence() -> None:
    half = (LARGE + SMALL) / 2
    assert score(half, 0.1, 0.1) == pytest.approx(logistic(0.806 * math.log(9) / 2 - 2.613), abs=1e-5)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1e5))
def test_a_score_is_a_probability_and_grows_with_the_evidence(
    first: float, second: float, side: float
) -> None:
    low, high = sorted((first, second))
    likely, unlikely = score(side, low, low), score(side, high, high)
    assert 0.0 <= unlikely <= likely <= 1.0
