"""``make eval`` on a set of one's own, with the weights that come with the project."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("training_eval.registry.tracking", reason="needs the extra `train`")

from painted_faces import manifest, paint

from models.catalogue import CATALOGUE, OWN
from models.catalogue.card import Figure, Task
from training_eval.evaluation.__main__ import main
from training_eval.evaluation.catalogue import candidates
from training_eval.evaluation.stores import store_of
from training_eval.evaluation.tables import holds
from training_eval.registry.tracking import opened
from training_eval.settings import TrainingSettings

SETTINGS = ("MODEL_MIRROR", "PHOTOS", "TEST_PHOTOS", "FACES", "TEST_FACES", "MLFLOW_URI", "MODEL_DIR")


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainingSettings:
    """A machine with nothing but the project."""
    for name in SETTINGS:
        monkeypatch.delenv(f"FACESOCIAL_{name}", raising=False)
    monkeypatch.setenv("FACESOCIAL_STATE_DIR", str(tmp_path / "state"))
    return TrainingSettings()


def test_what_is_here_is_measured_and_noted(
    tmp_path: Path, alone: TrainingSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data"
    listed = []
    for number in range(3):
        paint(folder / f"{number}.png", 60 * number)
        listed.append({"path": f"{number}.png", "live": 1})
    manifest(folder, listed)
    assert main(["antispoofing", "--data", f"manifest:mine={folder}"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "facesocial-liveness" in printed
    assert "BPNRR" in printed
    assert "minifasnet-v2 1.0.0 + minifasnet-v1se 1.0.0 is not here" in printed
    assert "make models" in printed
    with opened(alone) as store:
        experiment = store.experiment(Task.ANTISPOOFING)
        (run,) = store.client.search_runs([experiment])
        assert run.data.tags["model.facesocial-liveness"].startswith("1.0.0 ")
        assert [file.path for file in store.client.list_artifacts(run.info.run_id)] == ["report.json"]


def test_a_set_that_is_not_there_is_named(
    alone: TrainingSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["face-recognition", "--data", "lfw=/nowhere"]) == 1
    assert "/nowhere" in " ".join(capsys.readouterr().err.split())


def test_every_model_is_somebodys_candidate(alone: TrainingSettings, tmp_path: Path) -> None:
    found = [card.name for one in candidates(store_of(alone), list(Task), tmp_path) for card in one.cards]
    assert sorted(found) == sorted(CATALOGUE)


def test_own_models_need_nothing(alone: TrainingSettings, tmp_path: Path) -> None:
    here = [one for one in candidates(store_of(alone), list(Task), tmp_path) if one.bundle is not None]
    assert [one.cards[0].name for one in here] == [name for task in Task for name in OWN[task]]


@pytest.mark.parametrize(
    ("card", "now", "right"), [(0.5, 0.504, True), (0.5, 0.51, False), (9.0, 9.08, True), (9.0, 9.2, False)]
)
def test_a_figure_holds_to_its_last_digit(card: float, now: float, right: bool) -> None:
    assert holds(Figure(metric="m", value=card, dataset="d", source="s"), now) is right
