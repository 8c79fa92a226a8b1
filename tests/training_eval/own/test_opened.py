from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.catalogue.age_gender import AGE_GENDER_XCEPTION
from models.errors import ModelUnavailable
from models.runtime.store import WeightStore
from training_eval.own.opened import opened, opened_inside

PICTURES = np.random.default_rng(1).integers(0, 256, (2, 112, 112, 3), dtype=np.uint8)


@pytest.fixture
def path(mirror: Path, tmp_path: Path) -> Path:
    return WeightStore(tmp_path, mirror=str(mirror), offline=True).resolve(AGE_GENDER_XCEPTION)


@pytest.mark.published
def test_a_graph_runs_from_its_bytes(path: Path) -> None:
    session = opened(AGE_GENDER_XCEPTION, path.read_bytes())
    assert session.run(PICTURES)["age"].shape == (2, 1)


@pytest.mark.published
def test_an_inner_value_comes_beside_the_answers(path: Path) -> None:
    found = opened_inside(AGE_GENDER_XCEPTION, path, "Flatten_56").run(PICTURES)
    plain = opened(AGE_GENDER_XCEPTION, path.read_bytes()).run(PICTURES)
    assert set(found) == {"age", "gender", "Flatten_56"}
    np.testing.assert_allclose(found["age"], plain["age"], atol=1e-4)


@pytest.mark.published
def test_a_value_that_is_not_there_is_refused(path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        opened_inside(AGE_GENDER_XCEPTION, path, "nowhere")


def test_bytes_that_are_no_graph_are_refused() -> None:
    with pytest.raises(ModelUnavailable):
        opened(AGE_GENDER_XCEPTION, b"no graph")
