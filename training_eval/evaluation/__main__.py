"""Measure every model of the catalogue that is on this machine, and note what was found in MLflow.

``python -m training_eval.evaluation [TASK…] [--data NAME=FOLDER…] [--no-mlflow]``

Sets of data are named here or in ``FACESOCIAL_DATA_SETS``; with ``FACESOCIAL_PHOTOS`` and ``FACESOCIAL_FACES`` some
are made of photographs. Nothing is downloaded. The command ends with status 1 where a card holds a figure that is
not found again.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars

from models.catalogue.card import Task
from models.errors import FaceSocialError
from training_eval.data import open_set
from training_eval.data.dataset import DataSet
from training_eval.evaluation.catalogue import Candidate, candidates
from training_eval.evaluation.faces import Finder, open_finder
from training_eval.evaluation.held import held_figures
from training_eval.evaluation.local_sets import LocalSets, open_local_sets
from training_eval.evaluation.run import evaluate
from training_eval.evaluation.stores import store_of
from training_eval.evaluation.tables import Bar, holds, show, show_held, show_published
from training_eval.reports import Report
from training_eval.settings import TrainingSettings


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    cv2.setNumThreads(1)
    console = Console()
    try:
        return _run(options, TrainingSettings(), console)
    except FaceSocialError as error:
        Console(stderr=True).print(error.message, style="red", highlight=False)
        return 1


def _run(options: argparse.Namespace, settings: TrainingSettings, console: Console) -> int:
    store = store_of(settings)
    finder = open_finder(store)
    named = {**{name: str(path) for name, path in settings.data_sets.items()}, **dict(options.data)}
    sets: list[DataSet[Any]] = [open_set(name, Path(folder)) for name, folder in named.items()]
    local = open_local_sets(settings, store, finder)
    differing = 0
    with tempfile.TemporaryDirectory(prefix="facesocial-eval-") as folder:
        for candidate in candidates(store, options.task or list(Task), Path(folder)):
            if candidate.bundle is None:
                console.print(f"[bold]{candidate.title}[/bold] is not here: {candidate.why}")
                continue
            report = _measured(candidate, sets, local, finder, console)
            if report is not None and options.mlflow:
                _note(settings, report, candidate.title, console)
            differing += _hold(candidate, settings, console)
    if differing:
        console.print(f"{differing} figures of cards were not found again.", style="red")
    return 1 if differing else 0


def _measured(
    candidate: Candidate,
    sets: Sequence[DataSet[Any]],
    local: LocalSets | None,
    finder: Finder,
    console: Console,
) -> Report | None:
    assert candidate.bundle is not None
    task = candidate.bundle.task
    usable = [data for data in sets if data.task is task]
    if local is not None:
        usable += local.of(task, candidate.cards)
    if not usable:
        show_published(candidate.title, candidate.cards, console)
        return None
    with _bars(console) as bars:
        report = evaluate(candidate.bundle, usable, finder=finder, progress=Bar(bars))
    show(candidate.title, candidate.cards, report, console)
    return report


def _hold(candidate: Candidate, settings: TrainingSettings, console: Console) -> int:
    """How many of the cards' figures are not found again."""
    held = held_figures(candidate.cards, settings)
    if not held:
        return 0
    show_held(candidate.title, held, console)
    return sum(now is None or not holds(figure, now) for figure, now in held)


def _note(settings: TrainingSettings, report: Report, title: str, console: Console) -> None:
    from training_eval.registry.catalogue import log_report
    from training_eval.registry.tracking import opened

    with opened(settings, lambda said: console.print(said, style="dim", highlight=False)) as store:
        run = log_report(store, report, title)
        console.print(f"  noted in MLflow at {store.address}, run {run}", style="dim", highlight=False)


@contextmanager
def _bars(console: Console) -> Iterator[Bars]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        yield bars


def _named_folder(text: str) -> tuple[str, str]:
    name, equals, folder = text.partition("=")
    if not equals or not name or not folder:
        raise argparse.ArgumentTypeError(f"{text} is not NAME=FOLDER")
    return name, folder


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m training_eval.evaluation", description=__doc__)
    made.add_argument("task", nargs="*", type=Task, metavar="TASK", help=", ".join(Task))
    made.add_argument(
        "--data", action="append", default=[], type=_named_folder, metavar="NAME=FOLDER", help="a set of data"
    )
    made.add_argument("--no-mlflow", dest="mlflow", action="store_false", help="print and note nothing")
    return made


if __name__ == "__main__":
    raise SystemExit(main())
