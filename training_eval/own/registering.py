"""A training of our own models as a run in MLflow, and what it made as a version that can be promoted."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from models.runtime.bundle import write_bundle
from training_eval.own.made import Made
from training_eval.own.material import Material
from training_eval.plots.training import losses
from training_eval.settings import TrainingSettings
from training_eval.training import history
from training_eval.training.schedule import Schedule

if TYPE_CHECKING:
    from training_eval.registry.versions import Version


def register(
    made: Made, material: Material, schedule: Schedule, folder: Path, settings: TrainingSettings
) -> Version:
    """Keep parameters, digests of the material, losses, figures, graph and card.

    Args:
        made: The graph and its card.
        material: What it was trained on.
        schedule: Of the run.
        folder: Holds the run's history.
        settings: Name the registry.

    Raises:
        RegistryUnavailable: It does not answer.
    """
    from training_eval.registry.candidates import log_candidate
    from training_eval.registry.runs import RunFacts
    from training_eval.registry.tracking import opened

    points = history.read(folder)
    facts = RunFacts(
        parameters={name: value for name, value in asdict(schedule).items() if value is not None},
        data=material.digest(),
        metrics={**(points[-1].values if points else {}), **_measured(made)},
    )
    figures = {"losses": losses(made.card.name, points)} if points else {}
    with tempfile.TemporaryDirectory() as name, opened(settings) as store:
        bundle = write_bundle(Path(name), [(made.card, made.graph)])
        return log_candidate(store, bundle, facts, figures=figures)


def _measured(made: Made) -> Mapping[str, float]:
    """The card's figures; several of one name are numbered."""
    named: dict[str, float] = {}
    for figure in made.card.measured:
        same = sum(name == figure.metric or name.startswith(f"{figure.metric} (") for name in named)
        named[f"{figure.metric} ({same + 1})" if same else figure.metric] = figure.value
    return named
