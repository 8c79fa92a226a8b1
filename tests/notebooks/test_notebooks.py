"""Each notebook runs from top to bottom, and what it finds makes sense."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="needs the group `test`")
nbclient = pytest.importorskip("nbclient", reason="needs the group `test`")
pytest.importorskip("ipykernel", reason="needs the group `test`")

from notebook_runs import executed, pictures, read, summary  # noqa: E402

from models.catalogue.card import Task  # noqa: E402
from training_eval.reports import Measure, ModelFacts, Report  # noqa: E402

pytestmark = pytest.mark.timeout(900)
Settings = Mapping[str, str]
Folders = pytest.TempPathFactory


@pytest.fixture(scope="module")
def tour(reachable: Settings, tmp_path_factory: Folders) -> Any:
    return executed(read("tour_of_the_api"), reachable, tmp_path_factory.mktemp("tour"))


@pytest.fixture(scope="module")
def evaluation(weights: Settings, tmp_path_factory: Folders) -> Any:
    return executed(read("evaluation_report"), weights, tmp_path_factory.mktemp("evaluation"))


@pytest.fixture(scope="module")
def errors(weights: Settings, tmp_path_factory: Folders) -> Any:
    return executed(read("error_analysis"), weights, tmp_path_factory.mktemp("errors"))


@pytest.fixture(scope="module")
def thresholds(weights: Settings, tmp_path_factory: Folders) -> Any:
    return executed(read("threshold_choice"), weights, tmp_path_factory.mktemp("thresholds"))


def test_the_tour_asks_all_five_services(tour: Any) -> None:
    found = summary(tour)
    assert found["faces_in_group"] == 5
    assert len(found["ages"]) == 5
    assert all(0 <= age <= 100 for age in found["ages"])
    assert (found["live_faces"], found["forged_faces"]) == (1, 1)
    assert pictures(tour) == 2


def test_the_tour_shows_what_errors_look_like(tour: Any) -> None:
    found = summary(tour)
    assert found["batch"] == [True, True, False]
    assert found["error"] == found["raised"] == "INVALID_IMAGE"


def test_the_tour_enrols_once_finds_and_erases(tour: Any) -> None:
    found = summary(tour)
    assert found["similarity_to_itself"] > 0.9 > found["similarity_to_other"]
    assert found["enrolled_once"]
    assert [match.split()[0] for match in found["known"]] == ["curls"]
    assert found["stranger"] == found["after_erasure"] == []


def test_the_evaluation_report_has_every_figure(evaluation: Any) -> None:
    found = summary(evaluation)
    assert found["pictures"] == 12 * (9 + 2 * 3)
    assert 0.6 * found["pictures"] < found["judged"] <= found["pictures"]
    assert set(found["apcer"]) == set(found["eer"]) == {"print", "replay"}
    for one in found["apcer"].values():
        assert 0 <= one["low"] <= one["value"] <= one["high"] <= 1
    assert found["worst_apcer"] == max(one["value"] for one in found["apcer"].values())
    assert found["groups"] == {"skin": ["darker", "lighter"]}
    assert 0 <= found["calibration_error"] <= 1
    assert found["same_report"]
    assert pictures(evaluation) == 6


def test_a_kept_report_is_shown_instead_of_a_new_one(weights: Settings, tmp_path: Path) -> None:
    rates = [("APCER", None, 0.25), ("APCER", "attack=mask", 0.25), ("APCER", "attack=print", 0.125)]
    measures = [
        Measure(
            metric=metric,
            value=value,
            dataset="kept",
            better="lower",
            count=40,
            low=0.1,
            high=0.5,
            group=group,
        )
        for metric, group, value in rates
    ]
    report = Report(
        task=Task.ANTISPOOFING,
        models=(ModelFacts(name="kept", version="1.0.0", sha256="0" * 64, size_bytes=10),),
        data={"kept": "0" * 64},
        measures=tuple(measures),
        milliseconds=1.0,
        reference_milliseconds=2.0,
    )
    path = tmp_path / "kept.json"
    path.write_text(report.to_json())
    found = summary(executed(read("evaluation_report", REPORT=str(path), PEOPLE=3), weights, tmp_path))
    assert {kind: one["value"] for kind, one in found["apcer"].items()} == {"mask": 0.25, "print": 0.125}
    assert found["groups"] == {}


def test_the_error_analysis_counts_every_case_once(errors: Any) -> None:
    found = summary(errors)
    assert 0.6 * found["pictures"] < found["judged"] <= found["pictures"] == 10 * (6 + 2 * 4)
    assert found["shown"] == min(12, found["wrong"])
    for by in ("kind", "size", "sharpness", "brightness"):
        rows = [row for row in found["rows"] if row["by"] == by]
        assert sum(row["cases"] for row in rows) == found["judged"]
        assert round(sum(row["cases"] * row["error rate"] for row in rows)) == found["wrong"]
        assert all(0 <= row["low"] <= row["error rate"] <= row["high"] <= 1 for row in rows)
    assert pictures(errors) == 5


def test_thresholds_rise_as_false_accepts_get_rarer(thresholds: Any) -> None:
    found = summary(thresholds)
    assert found["pairs"] > 1_500
    for laxer, stricter in pairwise(found["rates"]):
        assert laxer["FAR"] > stricter["FAR"]
        assert laxer["threshold here"] < stricter["threshold here"]
        assert laxer["card's threshold"] < stricter["card's threshold"]
        assert laxer["FNMR"] <= stricter["FNMR"]
    assert all(row["low"] < row["high"] and row["FNMR low"] < row["FNMR high"] for row in found["rates"])
    assert 0 < found["cost"]["low"] <= found["cost"]["high"] < 1
    assert pictures(thresholds) == 3


def test_larger_galleries_take_more_strangers_for_somebody(thresholds: Any) -> None:
    found = summary(thresholds)
    rates = list(found["fpir"].values())
    assert rates[0] < rates[len(rates) // 2] < rates[-1]
    asked = [row["threshold"] for row in found["by_size"]]
    assert asked == sorted(asked)
    measured = [row["measured by the card"] for row in found["by_size"]]
    assert measured[0]
    assert not measured[-1]
    assert measured == sorted(measured, reverse=True)


def test_an_error_in_a_cell_is_an_error_of_the_notebook(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell("1 / 0"), nbformat.v4.new_code_cell("print('after')")]
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="ZeroDivisionError"):
        executed(nbformat.v4.new_notebook(cells=cells), {}, tmp_path)
