"""A training becomes a run and a version in MLflow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("training_eval.registry.tracking", reason="needs the extra `train`")

from candidates import card_of, graph_of
from mlflow_stores import make_template

from models.catalogue.card import Figure, Task
from training_eval.own.made import Made
from training_eval.own.registering import register
from training_eval.registry.tracking import opened
from training_eval.registry.versions import fetch, find
from training_eval.settings import TrainingSettings
from training_eval.training import history
from training_eval.training.schedule import Schedule


class Material:
    def digest(self) -> dict[str, str]:
        return {"photographs": "a" * 64}


def figure(metric: str, value: float) -> Figure:
    return Figure(metric=metric, value=value, dataset="held back", source="a command")


def test_a_training_is_kept_with_all_that_made_it(tmp_path: Path) -> None:
    make_template(tmp_path)
    settings = TrainingSettings(state_dir=tmp_path, mlflow_uri=None, mlflow_token=None)
    history.note(tmp_path / "run", 20, {"loss": 0.5})
    graph = graph_of(1.0)
    measured = (figure("APCER", 0.25), figure("APCER", 0.5), figure("BPCER", 0.1))
    card = replace(card_of(graph), measured=measured)
    schedule = Schedule(steps=20, batch=4, rate=0.01)
    made = register(Made(card, graph), Material(), schedule, tmp_path / "run", settings)  # type: ignore[arg-type]
    assert made.number == 1
    with opened(settings) as store:
        version = find(store, Task.ANTISPOOFING, 1)
        run = store.client.get_run(version.run_id)
        assert run.data.params["steps"] == "20"
        assert "minutes" not in run.data.params
        assert run.data.metrics["loss"] == 0.5
        assert (run.data.metrics["APCER"], run.data.metrics["APCER _2_"]) == (0.25, 0.5)
        assert run.data.tags["data.training.photographs"] == "a" * 64
        files = [file.path for file in store.client.list_artifacts(version.run_id, "figures")]
        assert files == ["figures/losses.png"]
        assert fetch(store, version, tmp_path / "fetched").cards == (card,)
