"""What the card of our detector states is what its graph does."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("sklearn", reason="needs the extra `train`")

from models.catalogue.own import FOLDER, read_cards
from models.runtime.session import OrtSession, SessionOptions
from training_eval.calibration.faces import Loader
from training_eval.own.detector_card import CARD
from training_eval.own.detector_problem import TEACHER
from training_eval.own.material import Material
from training_eval.own.measures_detector import DISTANCE, EXTRA, FOUND, measured

pytestmark = [pytest.mark.published, pytest.mark.photos]


@pytest.fixture(scope="module")
def material(mirror: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Material:
    options = SessionOptions(threads=1)
    return Material(photos, None, Loader(str(mirror), tmp_path_factory.mktemp("graphs"), options))


def test_the_shipped_graph_has_the_figures_of_its_card(material: Material) -> None:
    (card,) = (card for card in read_cards(FOLDER) if card.name == CARD.name)
    session = OrtSession(card, FOLDER / card.file_name, SessionOptions(threads=1))
    found = measured(material, session)
    assert [figure.metric for figure in found] == [figure.metric for figure in card.measured]
    assert [f.value for f in found] == pytest.approx([f.value for f in card.measured], abs=0.02)


def test_the_published_detector_agrees_with_itself(material: Material) -> None:
    for figure in measured(material, material.session(TEACHER)):
        wanted = {FOUND: 1.0, EXTRA: 0.0, DISTANCE: 0.0}[figure.metric]
        assert figure.value == pytest.approx(wanted, abs=1e-3), figure.dataset
