"""Which module makes the model of which task."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import cast

from models.catalogue.card import Task
from training_eval.own.made import Maker

MODULES: Mapping[Task, str] = {
    Task.FACE_DETECTION: "detector",
    Task.FACE_RECOGNITION: "embedder",
    Task.ANTISPOOFING: "liveness",
    Task.DEEPFAKE_DETECTION: "forgery",
    Task.AGE_GENDER: "demographics",
}


def maker(task: Task) -> Maker:
    """The module that makes a task's model; the others need not be importable."""
    return cast(Maker, importlib.import_module(f"training_eval.own.{MODULES[task]}"))
