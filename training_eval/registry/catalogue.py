"""What was measured of models that no registry holds: runs of an experiment of their own."""

from __future__ import annotations

from mlflow.entities import RunTag

from training_eval.registry.runs import log_measures
from training_eval.registry.tracking import Store
from training_eval.reports import Report


def log_report(store: Store, report: Report, title: str) -> str:
    """Keep a report in the task's experiment, apart from any version.

    Returns:
        The run's id.
    """
    run = store.client.create_run(store.experiment(report.task), run_name=f"evaluation of {title}"[:250])
    run_id = str(run.info.run_id)
    tags = [RunTag(f"model.{one.name}", f"{one.version} {one.sha256}") for one in report.models]
    store.client.log_batch(run_id, tags=[RunTag("kind", "evaluation"), *tags])
    store.client.log_text(run_id, report.to_json(), "report.json")
    log_measures(store, run_id, "", report)
    store.client.set_terminated(run_id)
    return run_id
