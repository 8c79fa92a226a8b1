"""An evaluation as a whole, on graphs that ONNX Runtime runs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs the extra `train`")

from painted_faces import MiddleFinder, manifest, paint

from models.catalogue import CATALOGUE
from models.export.builder import GraphBuilder
from models.runtime.bundle import Bundle, write_bundle
from training_eval.errors import DataMissing
from training_eval.evaluation import evaluate
from training_eval.reports import Report

CARD = CATALOGUE["minifasnet-v2"]


def bright_is_live(folder: Path) -> Bundle:
    """Live as far as the blue channel is bright."""
    builder = GraphBuilder("bright", 80, 80)
    mean = builder.node("Flatten", [builder.node("GlobalAveragePool", [builder.pixels])])
    kernel = np.zeros((3, 3), np.float32)
    kernel[0] = (-0.1, 0.1, -0.1)
    scores = builder.dense(mean, kernel, np.array([10, -10, 10], np.float32))
    graph = builder.serialise({"probabilities": (builder.node("Softmax", [scores], axis=1), [3])})
    return write_bundle(folder, [(replace(CARD, sha256=hashlib.sha256(graph).hexdigest()), graph)])


@pytest.fixture
def data(tmp_path: Path):
    folder = tmp_path / "data"
    listed = []
    for number in range(12):
        live = number < 6
        paint(folder / f"{number}.png", 200 if live else 20)
        listed.append({"path": f"{number}.png", "live": int(live), "attack": "" if live else "print"})
    return manifest(folder, listed)


def test_a_report_says_what_was_measured_of_what(tmp_path: Path, data) -> None:
    bundle = bright_is_live(tmp_path / "bundle")
    report = evaluate(bundle, [data], finder=MiddleFinder())
    values = {measure.metric: measure.value for measure in report.of_all()}
    assert (values["APCER"], values["BPCER"]) == (0, 0)
    assert [model.sha256 for model in report.models] == [bundle.cards[0].sha256]
    assert report.size_bytes == bundle.path(bundle.cards[0]).stat().st_size
    assert report.milliseconds > 0
    assert report.reference_milliseconds > 0
    assert Report.from_json(report.to_json()) == report


def test_faces_by_another_detector_are_other_data(tmp_path: Path, data) -> None:
    bundle = bright_is_live(tmp_path / "bundle")
    one = evaluate(bundle, [data], finder=MiddleFinder())
    other = evaluate(bundle, [data], finder=MiddleFinder(CATALOGUE["ultralight-rfb-320"]))
    assert one.data.keys() == other.data.keys()
    assert one.data != other.data


def test_progress_hears_of_every_sample(tmp_path: Path, data) -> None:
    heard: list[object] = []

    class Listening:
        def begin(self, dataset: str, samples: int):
            heard.append((dataset, samples))
            return lambda: heard.append("step")

    evaluate(bright_is_live(tmp_path / "bundle"), [data], finder=MiddleFinder(), progress=Listening())
    assert heard == [("mine", 12), *["step"] * 12]


def test_labels_of_another_task_are_refused(tmp_path: Path) -> None:
    paint(tmp_path / "1.png", 9)
    ages = manifest(tmp_path, [{"path": "1.png", "age": 30}])
    with pytest.raises(DataMissing, match="age-gender"):
        evaluate(bright_is_live(tmp_path / "bundle"), [ages], finder=MiddleFinder())


def test_without_data_there_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match="no set of data"):
        evaluate(bright_is_live(tmp_path / "bundle"), [], finder=MiddleFinder())


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"no picture")
    data = manifest(tmp_path, [{"path": "1.png", "live": 1}])
    with pytest.raises(DataMissing, match=r"1\.png"):
        evaluate(bright_is_live(tmp_path / "bundle"), [data], finder=MiddleFinder())
