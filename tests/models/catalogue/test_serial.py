"""A card survives JSON, and what is no card is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from models.catalogue import CATALOGUE
from models.catalogue.card import ModelCard
from models.catalogue.serial import card_from_json, card_to_json
from models.errors import ModelUnavailable


@pytest.mark.parametrize("card", [pytest.param(card, id=card.name) for card in CATALOGUE.values()])
def test_a_card_survives_json(card: ModelCard) -> None:
    assert card_from_json(json.loads(json.dumps(card_to_json(card)))) == card


def test_what_was_read_cannot_be_changed() -> None:
    card = card_from_json(card_to_json(CATALOGUE["minifasnet-v2"]))
    for mapping in (card.decoding, card.thresholds, card.decoding["attacks"]):
        with pytest.raises(TypeError):
            mapping["new"] = 1.0  # type: ignore[index]


@pytest.mark.parametrize(
    "change",
    [
        {"task": "cooking"},
        {"sha256": None},
        {"weights": [{"name": "x"}]},
        {"crop": {"kind": "box", "scale": "wide", "template": []}},
        {"thresholds": {"live": "high"}},
        {"licence": None},
        {"input": {"colour": "BGR", "width": 1, "height": 1, "colours": 3}},
    ],
)
def test_what_is_no_card_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ModelUnavailable, match="no model card"):
        card_from_json({**card_to_json(CATALOGUE["minifasnet-v2"]), **change})
