"""Registering and finding versions, in a file and on a server."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("training_eval.registry.tracking", reason="needs the extra `train`")

from candidates import bundle_of, card_of, report_of
from matplotlib.figure import Figure

from models.catalogue.card import Task
from models.errors import DigestMismatch, ModelUnavailable
from models.runtime.bundle import write_bundle
from training_eval.errors import DataMissing, RegistryUnavailable
from training_eval.registry.candidates import log_candidate
from training_eval.registry.runs import RunFacts
from training_eval.registry.tracking import Store
from training_eval.registry.versions import Version, fetch, find, listed, lookup

Register = Callable[..., Version]
TASK = Task.ANTISPOOFING


def test_what_was_registered_comes_back(
    store: Store, tmp_path: Path, reopened: Callable[[], AbstractContextManager[Store]]
) -> None:
    bundle = bundle_of(tmp_path / "bundle", 1.0, 2.0)
    version = log_candidate(store, bundle, RunFacts())
    assert (version.number, version.task) == (1, TASK)
    assert version.digests == tuple(card.sha256 for card in bundle.cards)
    assert abs(version.created - datetime.now(UTC)) < timedelta(minutes=5)
    with reopened() as again:
        assert find(again, TASK, 1) == version
        fetched = fetch(again, version, tmp_path / "fetched")
    assert fetched.cards == bundle.cards
    assert fetched.folder.is_relative_to(tmp_path / "fetched")
    for card in bundle.cards:
        assert fetched.path(card).read_bytes() == bundle.path(card).read_bytes()


def test_the_run_says_how_it_came_to_be(store: Store, tmp_path: Path) -> None:
    facts = RunFacts(
        parameters={"steps": 10, "rate": {"first": 0.1, "last": 0.0}, "note <b>": "x" * 7000},
        data={"faces of mine": "b" * 64},
        metrics={"loss": 0.5, "TAR@FAR<0.001": 0.9, "broken": float("nan")},
    )
    figure = Figure()
    figure.add_subplot().plot([1, 2])
    version = log_candidate(store, bundle_of(tmp_path / "bundle", 1.0), facts, figures={"curve": figure})
    run = store.client.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["steps"] == "10"
    assert (run.data.params["rate.first"], run.data.params["rate.last"]) == ("0.1", "0.0")
    assert run.data.params["note _b_"].startswith("xxxx")
    assert run.data.metrics == {"loss": 0.5, "TAR_FAR_0.001": 0.9}
    assert run.data.tags["data.training.faces of mine"] == "b" * 64
    (used,) = run.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("faces of mine", "b" * 36)
    assert [file.path for file in store.client.list_artifacts(version.run_id, "figures")] == [
        "figures/curve.png"
    ]
    assert store.client.get_logged_model(version.model_id).status == "READY"


def test_hundreds_of_parameters_are_kept(store: Store, tmp_path: Path) -> None:
    facts = RunFacts(parameters={f"p{number}": number for number in range(250)})
    version = log_candidate(store, bundle_of(tmp_path / "bundle", 1.0), facts)
    assert len(store.client.get_run(version.run_id).data.params) == 250


def test_versions_are_found_by_number_and_alias(store: Store, register: Register) -> None:
    assert listed(store, TASK) == ()
    assert lookup(store, TASK, "champion") is None
    first, second = register(1.0), register(2.0)
    assert [version.number for version in listed(store, TASK)] == [2, 1]
    store.client.set_registered_model_alias(TASK.value, "champion", "1")
    assert find(store, TASK, "champion").digests == first.digests
    assert find(store, TASK, "2").digests == second.digests
    assert [sorted(version.aliases) for version in listed(store, TASK)] == [[], ["champion"]]


@pytest.mark.parametrize("which", ["3", "challenger", "", "-1", "1.5"])
def test_what_is_not_there_is_said_with_what_is(store: Store, register: Register, which: str) -> None:
    register(1.0), register(2.0)
    with pytest.raises(RegistryUnavailable, match=r"Versions there: 2, 1\."):
        find(store, TASK, which)
    with pytest.raises(RegistryUnavailable, match=r"Versions there: none\."):
        find(store, Task.AGE_GENDER, which)


def test_a_version_that_is_changed_where_it_lies_is_refused(
    store: Store, register: Register, tmp_path: Path
) -> None:
    version = register(1.0)
    (tmp_path / "changed").mkdir()
    name = card_of(b"").file_name
    bundle = fetch(store, version, tmp_path / "sound")
    name = bundle.cards[0].file_name
    (tmp_path / "changed" / name).write_bytes(b"another")
    store.client.log_model_artifact(version.model_id, str(tmp_path / "changed" / name))
    with pytest.raises(DigestMismatch, match="changed"):
        fetch(store, version, tmp_path / "fetched")


def test_what_cannot_be_registered_leaves_a_failed_run_and_no_version(store: Store, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "bundle", [(card_of(b"no graph"), b"no graph")])
    with pytest.raises(ModelUnavailable):
        log_candidate(store, bundle, RunFacts())
    assert listed(store, TASK) == ()
    runs = store.client.search_runs([store.experiment(TASK)], max_results=1)
    assert runs[0].info.status == "FAILED"


def test_a_report_about_others_is_refused_before_anything_is_made(store: Store, tmp_path: Path) -> None:
    bundle, other = bundle_of(tmp_path / "one", 1.0), bundle_of(tmp_path / "other", 2.0)
    with pytest.raises(DataMissing, match="other models"):
        log_candidate(store, bundle, RunFacts(), report=report_of(other.cards))
    assert listed(store, TASK) == ()
