"""Make our own default weights, or measure those that are shipped.

``python -m training_eval.own [TASK…] [--minutes M] [--out FOLDER] [--register]``,
or ``… --measure``

Photographs, the AT&T faces and the published weights to learn from are named by ``FACESOCIAL_PHOTOS``,
``FACESOCIAL_FACES`` and ``FACESOCIAL_MODEL_MIRROR``. A run that was ended goes on where it stopped.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import torch
from rich.console import Console

from models.catalogue.card import Figure, ModelCard, Task
from models.catalogue.own import FOLDER, read_cards
from models.errors import FaceSocialError
from models.runtime.session import OrtSession
from training_eval.own.makers import MODULES, maker
from training_eval.own.material import Material
from training_eval.own.registering import register
from training_eval.settings import TrainingSettings


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    settings = TrainingSettings()
    tasks = options.task or list(Task)
    try:
        material = Material.of(settings)
        for task in tasks:
            if options.measure:
                _measure(material, task, options.out)
            else:
                _make(material, task, options, settings)
    except FaceSocialError as error:
        Console(stderr=True).print(error.message, style="red", highlight=False)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m training_eval.own", description=__doc__)
    made.add_argument("task", nargs="*", type=Task, metavar="TASK", help=", ".join(Task))
    made.add_argument("--minutes", type=float, help="longest time of training of each model")
    made.add_argument("--steps", type=int, help="steps of each model instead of its own number")
    made.add_argument("--threads", type=int, default=1, help="processor cores to use")
    made.add_argument("--out", type=Path, default=FOLDER, help="folder for graphs and cards")
    made.add_argument("--register", action="store_true", help="make it a version in the MLflow registry too")
    made.add_argument("--measure", action="store_true", help="measure the cards' graphs in --out instead")
    return made


def _make(material: Material, task: Task, options: argparse.Namespace, settings: TrainingSettings) -> None:
    module = maker(task)
    schedule = replace(module.SCHEDULE, minutes=options.minutes)
    if options.steps is not None:
        schedule = replace(schedule, steps=options.steps)
    folder = settings.state_dir / "training" / MODULES[task]
    made = module.make(material, schedule, folder)
    path = made.write(options.out)
    print(f"{path}: {len(made.graph) / 1e6:.2f} MB")
    _show(made.card.measured)
    if options.register:
        version = register(made, material, schedule, folder, settings)
        print(f"registered as version {version.number} of {task.value}")


def _measure(material: Material, task: Task, folder: Path) -> None:
    for card in read_cards(folder):
        if card.task is task:
            print(f"{card.name} {card.version}")
            _show(maker(task).measure(material, _session(card, folder)))


def _session(card: ModelCard, folder: Path) -> OrtSession:
    return OrtSession(card, folder / card.file_name)


def _show(figures: Sequence[Figure]) -> None:
    for figure in figures:
        print(f"  {figure.metric}: {figure.value:.4f} ({figure.dataset})")


if __name__ == "__main__":
    raise SystemExit(main())
