"""What was measured of a version: reports, kept with the run that made it."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

from models.catalogue.card import Task
from training_eval.errors import DataMissing
from training_eval.registry.runs import log_measures
from training_eval.registry.tracking import Store
from training_eval.registry.versions import Version
from training_eval.reports import Report, read_report

REPORTS = "reports"


def attach_report(store: Store, version: Version, report: Report) -> None:
    """Keep what was measured of a version; a second report on the same data takes the place of the first.

    Raises:
        DataMissing: The report is about other models.
    """
    check_report(report, version.task, version.digests)
    store.client.log_text(version.run_id, report.to_json(), f"{REPORTS}/{_data_name(report)}.json")
    log_measures(store, version.run_id, version.model_id, report)


def reports_of(store: Store, version: Version) -> tuple[Report, ...]:
    """What was measured of a version, a report for each selection of data."""
    if not store.client.list_artifacts(version.run_id, REPORTS):
        return ()
    with tempfile.TemporaryDirectory() as folder:
        found = Path(store.client.download_artifacts(version.run_id, REPORTS, folder))
        return tuple(read_report(path) for path in sorted(found.glob("*.json")))


def check_report(report: Report, task: Task, digests: tuple[str, ...]) -> None:
    """Refuse a report about other models.

    Raises:
        DataMissing: It is.
    """
    if report.task is not task or sorted(model.sha256 for model in report.models) != sorted(digests):
        raise DataMissing("This report is about other models: evaluate these.")


def _data_name(report: Report) -> str:
    data = json.dumps(dict(report.data), sort_keys=True).encode()
    return hashlib.sha256(data).hexdigest()[:16]
