"""The cards say enough, and what they say hangs together."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from pathlib import Path

import pytest

from models.catalogue import CATALOGUE, DEFAULTS, OWN
from models.catalogue.card import ModelCard, Task
from models.catalogue.own import FOLDER
from models.export import RECIPES
from models.runtime.store import OWN_RECIPE, digest

OWN_BYTES = 15_000_000
CARDS = [pytest.param(card, id=card.name) for card in CATALOGUE.values()]
DIGEST = re.compile(r"[0-9a-f]{64}")
PINNED = re.compile(r"https://raw\.githubusercontent\.com/[\w.-]+/[\w.-]+/[0-9a-f]{12,40}/\S+")


@pytest.mark.parametrize("card", CARDS)
def test_names_a_recipe_and_digests(card: ModelCard) -> None:
    assert DIGEST.fullmatch(card.sha256)
    if card.recipe == OWN_RECIPE:
        assert not card.weights, "training made the graph: nothing is fetched for it"
        return
    assert card.recipe in RECIPES
    assert card.weights
    for weight in card.weights:
        assert DIGEST.fullmatch(weight.sha256)
        assert PINNED.fullmatch(weight.url), "an address that can change its bytes"
        assert weight.size > 0


@pytest.mark.parametrize("card", CARDS)
def test_says_what_a_reader_needs(card: ModelCard) -> None:
    assert card.summary
    assert card.finds
    assert card.misses
    assert card.licence.code in {"Apache-2.0", "MIT", "BSD-3-Clause"}
    assert len(card.licence.training_data) > 40
    assert all(figure.source and figure.dataset for figure in (*card.published, *card.measured))


@pytest.mark.parametrize("card", CARDS)
def test_its_crop_fits_its_input(card: ModelCard) -> None:
    if card.crop.kind == "align5":
        assert len(card.crop.template) == 5
        assert all(0 < x < card.input.width and 0 < y < card.input.height for x, y in card.crop.template)
    else:
        assert not card.crop.template
    assert card.crop.scale >= 1
    assert card.input.width % card.input.stride == card.input.height % card.input.stride == 0


@pytest.mark.parametrize("card", CARDS)
def test_cannot_be_changed(card: ModelCard) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        card.version = "2"  # type: ignore[misc]
    for mapping in (card.decoding, card.thresholds):
        with pytest.raises(TypeError):
            mapping["new"] = 1.0  # type: ignore[index]


def test_every_graph_and_file_name_is_one_cards_own() -> None:
    graphs = [card.sha256 for card in CATALOGUE.values()]
    files = [weight.name for card in CATALOGUE.values() for weight in card.weights]
    assert len(set(graphs)) == len(graphs)
    assert len(set(files)) == len(files)


def test_every_task_is_served() -> None:
    assert set(DEFAULTS) == set(Task)
    for task, names in (*DEFAULTS.items(), *OWN.items()):
        assert names
        assert all(CATALOGUE[name].task is task for name in names)


def test_a_published_model_serves_unless_its_own_set_is_chosen() -> None:
    own = {name for names in OWN.values() for name in names}
    assert own == {card.name for card in CATALOGUE.values() if card.recipe == OWN_RECIPE}
    assert own.isdisjoint(name for names in DEFAULTS.values() for name in names)


def test_own_weights_lie_beside_their_cards_and_are_small() -> None:
    own = [CATALOGUE[name] for names in OWN.values() for name in names]
    graphs = [FOLDER / card.file_name for card in own]
    assert [digest(path) for path in graphs] == [card.sha256 for card in own]
    assert sum(path.stat().st_size for path in graphs) <= OWN_BYTES


@pytest.mark.parametrize("task", [Task.ANTISPOOFING, Task.DEEPFAKE_DETECTION])
def test_members_of_an_ensemble_agree(task: Task) -> None:
    members = [CATALOGUE[name] for name in DEFAULTS[task]]
    weights = [card.decoding["weight"] for card in members]
    assert sum(float(str(weight)) for weight in weights) == pytest.approx(1)
    assert len({card.decoding["combine"] for card in members}) == 1
    assert all(card.thresholds == members[0].thresholds for card in members)
    assert all(card.calibration == members[0].calibration for card in members)


@pytest.mark.published
@pytest.mark.parametrize("card", CARDS)
def test_its_files_are_the_published_ones(card: ModelCard, mirror: Path) -> None:
    for weight in card.weights:
        data = (mirror / weight.name).read_bytes()
        assert len(data) == weight.size
        assert hashlib.sha256(data).hexdigest() == weight.sha256
