"""Trained models on their way into the registry: a run that says how they came to be, and a new version."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from mlflow.entities import LoggedModelOutput
from mlflow.exceptions import MlflowException

from models.catalogue.card import Task
from models.runtime.bundle import Bundle
from training_eval.registry.flavor import write_model
from training_eval.registry.measured import attach_report, check_report
from training_eval.registry.runs import RunFacts, log_facts
from training_eval.registry.tracking import EXISTS, Store
from training_eval.registry.versions import DIGESTS, MODEL_ID, Version, find
from training_eval.reports import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def log_candidate(
    store: Store,
    bundle: Bundle,
    facts: RunFacts,
    *,
    report: Report | None = None,
    figures: Mapping[str, Figure] = MappingProxyType({}),
) -> Version:
    """Make a run of how models came to be, keep their files, and register them as the task's next version.

    Raises:
        ModelUnavailable: A graph is no ONNX.
        DataMissing: The report is about other models.
    """
    if report is not None:
        check_report(report, bundle.task, tuple(card.sha256 for card in bundle.cards))
    task, experiment = bundle.task, store.experiment(bundle.task)
    name = " + ".join(f"{card.name} {card.version}" for card in bundle.cards)
    with _run(store, experiment, name) as run_id:
        log_facts(store, run_id, facts)
        for title, figure in figures.items():
            store.client.log_figure(run_id, figure, f"figures/{title}.png")
        model_id, location = _log_files(store, bundle, experiment, run_id)
        _make_task(store, task)
        digests = " ".join(card.sha256 for card in bundle.cards)
        tags = {"models": name, DIGESTS: digests, MODEL_ID: model_id}
        made = store.client.create_model_version(
            task.value, location, run_id=run_id, model_id=model_id, tags=tags
        )
        version = find(store, task, int(made.version))
        if report is not None:
            attach_report(store, version, report)
    return version


@contextmanager
def _run(store: Store, experiment: str, name: str) -> Iterator[str]:
    run_id = str(store.client.create_run(experiment, run_name=name).info.run_id)
    try:
        yield run_id
    except BaseException:
        with suppress(MlflowException):
            store.client.set_terminated(run_id, "FAILED")
        raise
    store.client.set_terminated(run_id)


def _log_files(store: Store, bundle: Bundle, experiment: str, run_id: str) -> tuple[str, str]:
    """MLflow's id of the kept files, and where they are."""
    made = store.client.create_logged_model(experiment, name=bundle.task.value, source_run_id=run_id)
    location = str(made.artifact_location)
    with tempfile.TemporaryDirectory() as folder:
        write_model(bundle, Path(folder), run_id=run_id, model_id=made.model_id, location=location)
        store.client.log_model_artifacts(made.model_id, folder)
    store.client.finalize_logged_model(made.model_id, "READY")
    store.client.log_outputs(run_id, [LoggedModelOutput(made.model_id, 0)])
    return str(made.model_id), location


def _make_task(store: Store, task: Task) -> None:
    try:
        store.client.create_registered_model(task.value)
    except MlflowException as error:
        if error.error_code != EXISTS:
            raise
