"""Measuring a registered version on sets of data that lie on this machine."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from models.catalogue.card import Task
from models.runtime.bundle import Bundle
from training_eval.data.dataset import DataSet
from training_eval.data.registry import open_set
from training_eval.errors import DataMissing
from training_eval.evaluation import evaluate, open_finder
from training_eval.evaluation.steps import Progress as Steps
from training_eval.evaluation.stores import store_of
from training_eval.evaluation.tables import Bar
from training_eval.registry.measured import attach_report
from training_eval.registry.tracking import Store
from training_eval.registry.versions import Version, fetch
from training_eval.reports import Report
from training_eval.settings import TrainingSettings

COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


class Evaluate(Protocol):
    """``training_eval.evaluation.evaluate`` with a detector at hand."""

    def __call__(
        self, bundle: Bundle, sets: Sequence[DataSet[Any]], *, progress: Steps | None = None
    ) -> Report:
        """Measure models on sets of data."""


def evaluate_version(
    store: Store, version: Version, data: Sequence[str], measure: Evaluate, console: Console
) -> Report:
    """Measure a version and keep the report with it.

    Args:
        store: Holds the version.
        version: What is measured.
        data: Sets, each as ``NAME=FOLDER``; those of the settings for this task if there is none.
        measure: Does the measuring.
        console: Where bars are drawn.

    Raises:
        DataMissing: No set, or one that cannot be read.
    """
    sets = _named(data) if data else _of_settings(version.task)
    with tempfile.TemporaryDirectory() as folder, Progress(*COLUMNS, console=console) as progress:
        bundle = fetch(store, version, Path(folder))
        report = measure(bundle, sets, progress=Bar(progress))
    attach_report(store, version, report)
    return report


def with_finder() -> Evaluate:
    """The evaluation of this project, with the best face detector of this machine.

    Raises:
        DataMissing: There is no detector.
    """
    settings = TrainingSettings()
    return partial(evaluate, finder=open_finder(store_of(settings)))


def _named(data: Sequence[str]) -> list[DataSet[Any]]:
    return [_open(*one.partition("=")[::2], one) for one in data]


def _open(name: str, folder: str, said: str) -> DataSet[Any]:
    if not name or not folder:
        raise DataMissing(f"{said} is not NAME=FOLDER: write --data lfw=/data/lfw.")
    return open_set(name, Path(folder))


def _of_settings(task: Task) -> list[DataSet[Any]]:
    known = [open_set(name, folder) for name, folder in TrainingSettings().data_sets.items()]
    return [one for one in known if one.task is task]
