"""Measuring a registered version on sets that lie on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("training_eval.registry.tracking", reason="needs the extra `train`")

from candidates import measure_of, report_of
from rich.console import Console

from deploy.local.evaluating import evaluate_version
from models.runtime.bundle import Bundle
from training_eval.errors import DataMissing
from training_eval.registry.measured import reports_of
from training_eval.registry.tracking import Store
from training_eval.registry.versions import Version
from training_eval.reports import Report


class Measured:
    """An evaluation that says what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[str, int]] = []

    def __call__(self, bundle: Bundle, sets: Any, *, progress: Any = None) -> Report:
        for one in sets:
            step = progress.begin(one.name, 1)
            step()
            self.given.append((one.name, len(one)))
        found = [measure_of(dataset=one.name) for one in sets]
        return report_of(bundle.cards, *found, data={one.name: one.digest() for one in sets})


def _manifest(folder: Path) -> Path:
    folder.mkdir()
    (folder / "a.png").write_bytes(b"not looked at")
    (folder / "manifest.csv").write_text("path,live\na.png,1\n")
    return folder


def test_what_was_measured_stays_with_the_version(
    register: Callable[[float], Version], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, measure, folder = register(0.9), Measured(), _manifest(tmp_path / "mine")
    told = Console(quiet=True)
    report = evaluate_version(store, version, [f"manifest:mine={folder}"], measure, told)
    assert measure.given == [("mine", 1)]
    assert report in reports_of(store, version)
    monkeypatch.setenv("FACESOCIAL_DATA_SETS", json.dumps({"manifest:ours": str(folder)}))
    assert set(evaluate_version(store, version, [], measure, told).data) == {"ours"}


@pytest.mark.parametrize("data", ["lfw", "=folder", "lfw=", "unheard-of=."])
def test_sets_that_are_none_are_refused(
    register: Callable[[float], Version], store: Store, data: str
) -> None:
    with pytest.raises(DataMissing):
        evaluate_version(store, register(0.9), [data], Measured(), Console(quiet=True))
