"""The gate at a real registry."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

pytest.importorskip("training_eval.registry.tracking", reason="needs the extra `train`")

from candidates import DATA, bundle_of, measure_of, report_of

from models.catalogue.card import Task
from training_eval.registry.candidates import log_candidate
from training_eval.registry.gate import judge, keep_decision
from training_eval.registry.measured import attach_report
from training_eval.registry.runs import RunFacts
from training_eval.registry.tracking import Store, opened
from training_eval.registry.versions import Version, find
from training_eval.settings import TrainingSettings
from training_eval.tolerances import Limits

MORE: Mapping[str, str] = {"more": "c" * 64}


class Bench:
    """Registers versions that measure as they are told, in a file."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self._folder, self._made = store, folder, 0

    def version(self, *measured: tuple[Mapping[str, str], float]) -> Version:
        """A version with a report for each pair of data and AUC."""
        self._made += 1
        bundle = bundle_of(self._folder / str(self._made), float(self._made))
        version = log_candidate(self.store, bundle, RunFacts())
        for data, value in measured:
            measures = [measure_of(value=value, dataset=name) for name in data]
            attach_report(self.store, version, report_of(bundle.cards, *measures, data=data))
        return version

    def reasons(self, candidate: Version, champion: Version | None) -> list[str]:
        return [row.reason for row in judge(self.store, candidate, champion, Limits()).refusals]


@pytest.fixture
def bench(local_settings: TrainingSettings, tmp_path: Path) -> Iterator[Bench]:
    with opened(local_settings) as store:
        yield Bench(store, tmp_path / "bundles")


def test_as_good_is_good_enough_and_worse_is_not(bench: Bench) -> None:
    champion = bench.version((DATA, 0.9))
    assert judge(bench.store, bench.version((DATA, 0.9)), champion, Limits()).accepted
    assert bench.reasons(bench.version((DATA, 0.8)), champion) == ["worse by 0.1, more than 0.002"]


def test_a_first_version_needs_a_report_and_nothing_to_compare(bench: Bench) -> None:
    assert judge(bench.store, bench.version((DATA, 0.9)), None, Limits()).accepted
    (reason,) = bench.reasons(bench.version(), None)
    assert reason.endswith("`facesocial model evaluate antispoofing 2 --data NAME=FOLDER`")


def test_a_champion_that_nothing_was_measured_of_is_named(bench: Bench) -> None:
    champion, candidate = bench.version(), bench.version((DATA, 0.9))
    (reason,) = bench.reasons(candidate, champion)
    assert "of the champion: `facesocial model evaluate antispoofing 1" in reason


def test_each_set_that_the_champion_was_measured_on_counts(bench: Bench) -> None:
    champion = bench.version((DATA, 0.9), (MORE, 0.9))
    assert judge(bench.store, bench.version((DATA, 0.9), (MORE, 0.9)), champion, Limits()).accepted
    assert judge(bench.store, bench.version(({**DATA, **MORE}, 0.9)), champion, Limits()).accepted
    assert bench.reasons(bench.version((DATA, 0.9), (MORE, 0.7)), champion) == [
        "worse by 0.2, more than 0.002"
    ]
    (reason,) = bench.reasons(bench.version((DATA, 0.9)), champion)
    assert reason.startswith("the candidate was not measured on more as the champion was")


def test_other_files_of_the_same_name_do_not_compare(bench: Bench) -> None:
    champion = bench.version((DATA, 0.9))
    (reason,) = bench.reasons(bench.version(({"faces": "d" * 64}, 0.99)), champion)
    assert reason.startswith("the candidate was not measured on faces as the champion was")


def test_an_outdated_report_of_the_champion_holds_nobody_up(bench: Bench) -> None:
    renewed = {"faces": "d" * 64}
    champion = bench.version((DATA, 0.99), (renewed, 0.9))
    assert judge(bench.store, bench.version((renewed, 0.9)), champion, Limits()).accepted


def test_files_that_are_not_those_that_were_registered_are_refused(bench: Bench, tmp_path: Path) -> None:
    candidate = bench.version((DATA, 0.9))
    folder = Path(
        bench.store.client.get_logged_model(candidate.model_id).artifact_location.removeprefix("file://")
    )
    other = bundle_of(tmp_path / "other", 99.0)
    for path in other.folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    assert bench.reasons(candidate, None) == ["the files are not those that were registered"]
    (folder / other.cards[0].file_name).write_bytes(b"broken")
    (reason,) = bench.reasons(candidate, None)
    assert "changed" in reason


def test_the_decision_stays_with_the_version(bench: Bench, tmp_path: Path) -> None:
    champion, candidate = bench.version((DATA, 0.9)), bench.version((DATA, 0.8))
    keep_decision(bench.store, candidate, judge(bench.store, candidate, champion, Limits()), "the table")
    tags = find(bench.store, Task.ANTISPOOFING, candidate.number).tags
    assert tags["decision"] == "refused"
    assert tags["decided_at"].endswith("+00:00")
    for name in ("decision.json", "decision.txt"):
        bench.store.client.download_artifacts(candidate.run_id, name, str(tmp_path))
    assert (tmp_path / "decision.txt").read_text() == "the table"
    kept = json.loads((tmp_path / "decision.json").read_text())
    assert kept["accepted"] is False
    assert [row["metric"] for row in kept["rows"] if not row["accepted"]] == ["AUC"]
