"""Rates and similarities of a card, and the chart of them."""

from __future__ import annotations

import pytest
from contract_stub import CARDS

from bentos.contracts import ModelCards
from bentos.contracts.service import FigureInfo
from workbench.components.rates import Rates, one_in
from workbench.components.scores import ONE, TWO, points_of, scores_chart

TABLE = {"0.1": 0.25, "1e-2": 0.38, "0.001": 0.47}


def card_of(thresholds: dict[str, float], *figures: tuple[str, float, str]) -> ModelCards:
    metrics = [FigureInfo(metric=name, value=value, dataset=on, source="s") for name, value, on in figures]
    return CARDS.model_copy(update={"thresholds": thresholds, "metrics": metrics})


def rates() -> Rates:
    accepted = "true-accept rate at the threshold for "
    found = Rates.of_card(
        card_of(
            {**TABLE, "min_score": 0.6},
            (f"{accepted}0.1", 0.99, "AT&T: 99 of 100"),
            (f"{accepted}0.01", 0.9, "AT&T: 90 of 100"),
            (f"{accepted}0.001", 0.5, "others: 1 of 2"),
            (f"{accepted}0.001, colour", 0.4, "AT&T"),
            (f"{accepted}0.005", 0.4, "AT&T"),
        )
    )
    assert found is not None
    return found


def test_a_card_gives_its_table_and_what_was_measured_on_one_set():
    assert rates().thresholds == {0.1: 0.25, 0.01: 0.38, 0.001: 0.47}
    assert rates().accepted == [(0.25, 0.99), (0.38, 0.9)]
    assert rates().measured_on == "AT&T"


@pytest.mark.parametrize("thresholds", [{}, {"min_score": 0.6}, {"0": 1.0, "2": 0.1, "nan": 0.2}])
def test_a_card_without_rates_gives_none(thresholds: dict[str, float]):
    assert Rates.of_card(card_of(thresholds)) is None


@pytest.mark.parametrize(
    ("far", "threshold"), [(0.1, 0.25), (0.01, 0.38), (10**-1.5, 0.315), (0.5, 0.25), (1e-9, 0.47)]
)
def test_the_threshold_lies_between_the_rates_and_stays_in_the_table(far: float, threshold: float):
    assert rates().threshold(far) == pytest.approx(threshold)


def test_a_similarity_says_how_often_two_people_are_as_alike():
    assert rates().rate_at(0.38) == pytest.approx(0.01)
    assert rates().rate_at(0.315) == pytest.approx(10**-1.5)
    assert rates().in_words(0.38).startswith("About 1 in 100 ")
    assert rates().in_words(0.9).startswith("Fewer than 1 in 1,000 ")
    assert rates().in_words(-1).startswith("More than 1 in 10 ")


@pytest.mark.parametrize(
    ("rate", "said"), [(0.001, "1,000"), (0.0002, "5,000"), (1, "1"), (0.000312345, "3,200")]
)
def test_rates_for_people(rate: float, said: str):
    assert one_in(rate) == f"1 in {said}"


def test_the_chart_shows_the_cards_points_alone():
    table = points_of(rates())
    assert set(table[table["pairs"] == TWO]["share"]) == {0.1, 0.01, 0.001}
    assert list(table[table["pairs"] == ONE]["similarity"]) == [0.25, 0.38]
    rules = [
        layer["layer"][0]["encoding"]["x"]["datum"]
        for layer in scores_chart(rates(), -0.2, 0.47)["layer"][2:]
    ]
    assert rules == [0.47, -0.2]
    assert scores_chart(rates(), -0.2, 0.47)["layer"][0]["encoding"]["x"]["scale"]["domain"][0] == -0.2
