"""The liveness and forgery weights that come with the project: graphs are their cards', and say what these say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.catalogue import CATALOGUE, OWN
from models.catalogue.card import Task
from models.processing.forgery import forgery_score
from models.processing.liveness import decode_liveness
from models.runtime.session import OrtSession
from models.runtime.store import BUNDLED, digest
from training_eval.calibration.faces import Loader
from training_eval.own.fakes import portrait
from training_eval.own.forgery_figures import score_of as forgery_score_of
from training_eval.own.liveness_figures import score_of as live_score_of
from training_eval.own.material import Material
from training_eval.synthesis.flat import Scene

NAMES = {Task.ANTISPOOFING: "facesocial-liveness", Task.DEEPFAKE_DETECTION: "facesocial-forgery"}


def session(task: Task) -> OrtSession:
    card = CATALOGUE[NAMES[task]]
    return OrtSession(card, BUNDLED / card.file_name)


@pytest.fixture(scope="module")
def material(mirror: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Material:
    return Material(photos, None, Loader(str(mirror), tmp_path_factory.mktemp("graphs")))


def figure(task: Task, metric: str, dataset: str) -> float:
    card = CATALOGUE[NAMES[task]]
    return next(one.value for one in card.measured if one.metric == metric and dataset in one.dataset)


@pytest.mark.parametrize("task", NAMES)
def test_the_graph_is_the_cards_and_small(task: Task) -> None:
    card = CATALOGUE[NAMES[task]]
    assert OWN[task] == (card.name,)
    assert digest(BUNDLED / card.file_name) == card.sha256
    assert (BUNDLED / card.file_name).stat().st_size < 1_200_000
    assert card.measured
    assert card.misses


def test_liveness_answers_with_probabilities_that_decode() -> None:
    live = session(Task.ANTISPOOFING)
    images = np.random.default_rng(0).integers(0, 256, (3, 80, 80, 3), dtype=np.uint8)
    rows = live.run(images)["probabilities"]
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-5)
    verdict = decode_liveness(rows[0], [live.card])
    assert verdict.live + sum(verdict.attacks.values()) == pytest.approx(1, abs=1e-5)
    assert set(verdict.attacks) == {"print", "replay"}


def test_forgery_answers_with_a_score_that_decodes() -> None:
    forgery = session(Task.DEEPFAKE_DETECTION)
    images = np.random.default_rng(0).integers(0, 256, (3, 128, 128, 3), dtype=np.uint8)
    rows = forgery.run(images)["real"]
    assert rows.shape == (3, 1)
    assert all(0 <= forgery_score(row, 200.0, [forgery.card]) <= 1 for row in rows)


@pytest.mark.published
@pytest.mark.photos
def test_the_two_liveness_samples_score_as_the_card_says(material: Material) -> None:
    score = live_score_of([session(Task.ANTISPOOFING)])
    for name, metric in (
        ("image_F1.jpg", "live score of a print"),
        ("image_T1.jpg", "live score of a person"),
    ):
        picture = next(one for one in material.photographs("liveness", "held back") if one.path.name == name)
        found = score(Scene(picture.pixels, np.asarray(picture.faces[0].detection.box, np.float32)))
        assert found == pytest.approx(figure(Task.ANTISPOOFING, metric, name), abs=0.01)


@pytest.mark.published
@pytest.mark.photos
def test_the_forged_samples_score_as_the_card_says(material: Material) -> None:
    card = CATALOGUE[NAMES[Task.DEEPFAKE_DETECTION]]
    score = forgery_score_of([session(Task.DEEPFAKE_DETECTION)])
    pictures = [one for one in material.photographs("deepfake/df", "held back") if one.faces]
    scores = np.array([score(portrait(one.faces[0])) for one in pictures])
    found = float((scores >= card.thresholds["fake"]).mean())
    assert found == figure(Task.DEEPFAKE_DETECTION, "share of forgeries found", "MesoNet's authors")
