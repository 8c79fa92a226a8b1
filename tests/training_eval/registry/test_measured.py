"""Reports kept with a version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("training_eval.registry.tracking", reason="needs the extra `train`")

from candidates import bundle_of, measure_of, report_of

from models.catalogue.card import Task
from training_eval.errors import DataMissing
from training_eval.registry.candidates import log_candidate
from training_eval.registry.measured import attach_report, reports_of
from training_eval.registry.runs import RunFacts, measure_key
from training_eval.registry.tracking import Store
from training_eval.registry.versions import Version

Register = Callable[..., Version]


def test_a_report_for_each_selection_of_data(store: Store, tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path / "bundle", 1.0)
    first = report_of(bundle.cards, measure_of(value=0.8))
    version = log_candidate(store, bundle, RunFacts(), report=first)
    assert reports_of(store, version) == (first,)
    again = report_of(bundle.cards, measure_of(value=0.9))
    attach_report(store, version, again)
    assert reports_of(store, version) == (again,)
    other = report_of(bundle.cards, measure_of(dataset="more"), data={"more": "c" * 64})
    attach_report(store, version, other)
    assert set(map(str, reports_of(store, version))) == set(map(str, (again, other)))


def test_a_version_without_a_report_has_none(store: Store, register: Register) -> None:
    assert reports_of(store, register(1.0)) == ()


def test_figures_are_shown_by_mlflow(store: Store, tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path / "bundle", 1.0)
    measures = (
        measure_of(value=0.8),
        measure_of("APCER", 0.1, "attack=print", better="lower"),
        measure_of("TAR at FAR<0.001", float("nan")),
    )
    version = log_candidate(store, bundle, RunFacts(), report=report_of(bundle.cards, *measures))
    run = store.client.get_run(version.run_id)
    assert run.data.metrics == {"faces/AUC": 0.8, "faces/attack_print/APCER": 0.1}
    assert run.data.tags["data.evaluation.faces"] == "a" * 64
    kept = store.client.get_logged_model(version.model_id).metrics
    assert {(one.key, one.value, one.dataset_name) for one in kept} == {
        ("faces/AUC", 0.8, "faces"),
        ("faces/attack_print/APCER", 0.1, "faces"),
    }


@pytest.mark.parametrize(
    ("name", "kept"), [("../a", "a"), ("a//b", "a/b"), ("/", "_"), ("é %", "é _"), ("x" * 300, "x" * 250)]
)
def test_any_name_of_a_set_makes_a_name_of_a_figure(
    store: Store, tmp_path: Path, name: str, kept: str
) -> None:
    bundle, measure = bundle_of(tmp_path / "bundle", 1.0), measure_of("", dataset=name)
    assert measure_key(measure) == kept
    report = report_of(bundle.cards, measure, data={name: "a" * 64})
    version = log_candidate(store, bundle, RunFacts(), report=report)
    assert list(store.client.get_run(version.run_id).data.metrics) == [kept]
    assert reports_of(store, version) == (report,)


def test_a_report_about_another_model_or_task_is_refused(
    store: Store, register: Register, tmp_path: Path
) -> None:
    version = register(1.0)
    other, elsewhere = (
        bundle_of(tmp_path / "other", 2.0),
        bundle_of(tmp_path / "age", 1.0, task=Task.AGE_GENDER),
    )
    for cards in (other.cards, elsewhere.cards):
        with pytest.raises(DataMissing, match="other models"):
            attach_report(store, version, report_of(cards))
    assert reports_of(store, version) == ()
