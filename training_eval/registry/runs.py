"""A run's parameters, figures of merit and sets of data, in the forms that MLflow takes."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

from training_eval.registry.tracking import Store
from training_eval.reports import Measure, Report

AT_ONCE = 100
"""MLflow takes so many parameters or tags in a call, and more figures."""
DIGEST = 36
"""MLflow keeps so many characters of a set's digest; a tag holds all of them."""
NAME = 250
NOT_IN_A_NAME = re.compile(r"[^\w.\- /]")
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """How models came to be.

    Attributes:
        parameters: What the run was told; may be nested.
        data: SHA-256 of each set that it learned from, by its name.
        metrics: What it said of itself while training.
    """

    parameters: Mapping[str, object] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)


def log_facts(store: Store, run_id: str, facts: RunFacts) -> None:
    """Keep how models came to be."""
    parameters = [Param(key(name), str(value)) for name, value in _flat(facts.parameters)]
    for some in _parts(parameters):
        store.client.log_batch(run_id, params=some)
    at = _now()
    figures = [
        Metric(key(name), value, at, 0) for name, value in facts.metrics.items() if math.isfinite(value)
    ]
    for many in _parts(figures):
        store.client.log_batch(run_id, metrics=many)
    log_data(store, run_id, facts.data, "training")


def log_measures(store: Store, run_id: str, model_id: str, report: Report) -> None:
    """Keep the figures of a report, so that MLflow shows and compares them; the report itself is the truth."""
    at = _now()
    figures = [
        Metric(
            measure_key(measure),
            measure.value,
            at,
            0,
            model_id=model_id or None,
            dataset_name=measure.dataset,
            dataset_digest=report.data.get(measure.dataset, "unknown")[:DIGEST],
            run_id=run_id,
        )
        for measure in report.measures
        if math.isfinite(measure.value)
    ]
    for some in _parts(figures):
        store.client.log_batch(run_id, metrics=some)
    log_data(store, run_id, report.data, "evaluation")


def log_data(store: Store, run_id: str, data: Mapping[str, str], context: str) -> None:
    """Keep which sets a run used: names and digests, never where they lie."""
    if not data:
        return
    tags = [RunTag(key(f"data.{context}.{name}"), digest) for name, digest in data.items()]
    for some in _parts(tags):
        store.client.log_batch(run_id, tags=some)
    use = [InputTag("mlflow.data.context", context)]
    sets = [
        Dataset(name, digest[:DIGEST], "local", json.dumps({"name": name})) for name, digest in data.items()
    ]
    store.client.log_inputs(run_id, [DatasetInput(one, use) for one in sets])


def measure_key(measure: Measure) -> str:
    """The name of a measure in MLflow: its set, its group, and what it measures."""
    return key("/".join(part for part in (measure.dataset, measure.group, measure.metric) if part))


def key(name: str) -> str:
    """``name`` with the characters that MLflow takes; ``TAR at FAR<1e-3`` and the like become unlike, not refused."""
    parts = [part.strip(". ") for part in NOT_IN_A_NAME.sub("_", name).split("/")]
    return "/".join(part for part in parts if part)[:NAME] or "_"


def _flat(values: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _parts(values: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]


def _now() -> int:
    return int(time.time() * 1000)
