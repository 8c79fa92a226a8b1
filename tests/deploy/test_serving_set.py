"""Which models the stack of a machine runs, decided once and told to all of its processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bentos.common.settings import ModelSource, Settings
from deploy.local import stack
from deploy.local.serving_set import SOURCE, decided, sentence
from deploy.local.state import StateFolder
from deploy.local.video import program


def settings(folder: Path, source: ModelSource = "auto", mirror: str | None = None) -> Settings:
    return Settings.model_validate(
        {"state_dir": folder, "model_dir": None, "model_source": source, "model_mirror": mirror}
    )


def test_it_is_decided_once_and_every_process_is_told(tmp_path: Path) -> None:
    chosen = decided(settings(tmp_path))
    assert chosen.model_source == "own"
    assert decided(chosen) == chosen
    state = StateFolder(tmp_path)
    programs = [*stack.programs(chosen, state, "mark"), program(chosen, state, "mark")]
    assert {one.environment[SOURCE] for one in programs} == {"own"}
    assert decided(settings(tmp_path, mirror="/mirror")).model_source == "published"


@pytest.mark.parametrize("source", ["own", "published", "mlflow"])
def test_what_is_asked_for_stays(tmp_path: Path, source: ModelSource) -> None:
    assert decided(settings(tmp_path, source)).model_source == source


def test_one_line_says_what_runs_and_where_better_is_had(tmp_path: Path) -> None:
    assert sentence(settings(tmp_path, "published")) == "Models: the published weights."
    own = sentence(settings(tmp_path, "own"))
    assert "own weights" in own
    assert "`make models`" in own
    followed = sentence(settings(tmp_path, "mlflow", "/mirror"))
    assert followed.startswith("Models: what the registry says.")
    assert "published" in followed
