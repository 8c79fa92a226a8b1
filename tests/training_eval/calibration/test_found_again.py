"""Every measured figure of the published models' cards is found again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("sklearn", reason="needs the extra `train`")

from models.catalogue import CATALOGUE, DEFAULTS
from models.catalogue.card import Task
from training_eval.calibration.faces import Loader
from training_eval.calibration.found_again import found_again
from training_eval.evaluation.tables import holds

pytestmark = [pytest.mark.published, pytest.mark.photos]

MEASURED = [task for task in Task if CATALOGUE[DEFAULTS[task][0]].measured]


@pytest.mark.parametrize("task", MEASURED)
def test_the_cards_figures_are_found_again(
    task: Task, mirror: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    card = CATALOGUE[DEFAULTS[task][0]]
    faces = os.environ.get("FACESOCIAL_TEST_FACES")
    if task is Task.FACE_RECOGNITION and not faces:
        pytest.skip("FACESOCIAL_TEST_FACES is not set: no AT&T Database of Faces")
    load = Loader(str(mirror), tmp_path_factory.mktemp("graphs"))
    now = found_again(card, load, photos, Path(faces) if faces else None)
    assert now is not None
    for figure, value in zip(card.measured, now, strict=True):
        assert holds(figure, value), f"{figure.metric}: {value} instead of {figure.value}"
