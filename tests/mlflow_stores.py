"""MLflow stores in a SQLite file, copied from one that was made once: making the tables takes seconds."""

from __future__ import annotations

import shutil
from pathlib import Path

from training_eval.settings import TrainingSettings


def make_template(folder: Path) -> Path:
    """A file with MLflow's tables and nothing in them."""
    from training_eval.registry.tracking import opened

    with opened(TrainingSettings(state_dir=folder, mlflow_uri=None, mlflow_token=None)):
        pass
    return folder / "mlflow" / "mlflow.sqlite"


def settings_on_a_copy(template: Path, state: Path) -> TrainingSettings:
    """Settings of an empty store in a state folder, which is made."""
    folder = state / "mlflow"
    folder.mkdir(parents=True, mode=0o700)
    shutil.copyfile(template, folder / template.name)
    return TrainingSettings(state_dir=state, mlflow_uri=None, mlflow_token=None)
