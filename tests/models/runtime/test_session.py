"""ONNX Runtime behind the session, on graphs of two nodes."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from models.catalogue.detection import YUNET_N
from models.errors import ModelUnavailable
from models.runtime.session import CPU, GpuOptions, OrtSession, Pixels, SessionOptions, available

ABSENT = "NoSuchExecutionProvider"


def pictures(count: int) -> Pixels:
    return np.random.default_rng(3).integers(0, 256, (count, 4, 6, 3), dtype=np.uint8)


def session(path: Path, **options: int) -> OrtSession:
    return OrtSession(YUNET_N, path, SessionOptions(providers=(CPU,), threads=1, **options))


def test_outputs_by_name_for_every_picture(graph: Path) -> None:
    images = pictures(3)
    outputs = session(graph, cpu_max_batch=8).run(images)
    assert list(outputs) == ["mean", "pixels"]
    np.testing.assert_array_equal(outputs["pixels"], images.astype(np.float32))
    np.testing.assert_allclose(outputs["mean"], images.mean(axis=(1, 2)), rtol=1e-5)


@pytest.mark.parametrize("part", [1, 2, 3, 7, 8])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_running_in_parts_equals_running_at_once(graph: Path, part: int, count: int) -> None:
    images = pictures(count)
    at_once = session(graph, cpu_max_batch=count).run(images)
    in_parts = session(graph, cpu_max_batch=part).run(images)
    assert list(in_parts) == list(at_once)
    for name, value in at_once.items():
        np.testing.assert_array_equal(in_parts[name], value)


def test_parts_on_a_cpu_are_as_large_as_said(graph: Path, tmp_path: Path) -> None:
    model = onnx.load(graph)
    model.graph.input[0].type.tensor_type.shape.dim[
        0
    ].dim_value = 2  # a graph that takes pairs and nothing else
    pairs = tmp_path / "pairs.onnx"
    pairs.write_bytes(model.SerializeToString())
    assert session(pairs, cpu_max_batch=2, max_batch=99).run(pictures(6))["mean"].shape == (6, 3)
    with pytest.raises(Exception, match=r"(?i)dimension"):
        session(pairs, cpu_max_batch=3, max_batch=2).run(pictures(6))


def test_card_and_provider(graph: Path) -> None:
    one = session(graph)
    assert one.card is YUNET_N
    assert one.provider == CPU


def test_a_fallback_is_named_in_the_log(graph: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        OrtSession(YUNET_N, graph, SessionOptions(providers=(ABSENT, CPU)))
    (record,) = caplog.records
    assert record.getMessage() == f"yunet-n 1.0.0 runs on {CPU}, because {ABSENT} is not installed"


def test_the_first_choice_needs_no_reason(graph: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        OrtSession(YUNET_N, graph, SessionOptions(providers=(CPU, ABSENT)))
    assert [record.getMessage() for record in caplog.records] == [f"yunet-n 1.0.0 runs on {CPU}"]


def test_providers_keep_the_order_of_the_list() -> None:
    assert available((ABSENT, CPU)) == [CPU]
    with pytest.raises(ModelUnavailable, match=rf"{ABSENT}.*FACESOCIAL_PROVIDERS"):
        available((ABSENT,))
    with pytest.raises(ModelUnavailable):
        available(())


def test_no_provider_of_the_list(graph: Path) -> None:
    with pytest.raises(ModelUnavailable, match=CPU):
        OrtSession(YUNET_N, graph, SessionOptions(providers=(ABSENT,)))


@pytest.mark.parametrize(
    "content", [b"", b"not a graph", bytes(range(256)) * 20], ids=["empty", "text", "noise"]
)
def test_a_broken_file_is_named_with_the_remedy(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelUnavailable, match=r"(?s)broken\.onnx.*make models"):
        session(path)


def test_a_cut_file_is_refused(tmp_path: Path, graph: Path) -> None:
    path = tmp_path / "cut.onnx"
    path.write_bytes(graph.read_bytes()[:-20])
    with pytest.raises(ModelUnavailable, match=r"cut\.onnx"):
        session(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"gone\.onnx"):
        session(tmp_path / "gone.onnx")


def test_pictures_of_another_type_are_refused(graph: Path) -> None:
    with pytest.raises(Exception, match=r"(?i)uint8"):
        session(graph).run(pictures(1).astype(np.float32))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9])
def test_the_way_through_a_gpu_gives_the_same_outputs(
    graph: Path, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = pictures(count)
    expected = session(graph, cpu_max_batch=count).run(images)
    monkeypatch.setattr("models.runtime.session.GPU_PROVIDERS", {CPU})
    outputs = session(graph, cpu_max_batch=4, max_batch=4).run(images)
    assert list(outputs) == list(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(outputs[name], value)


def test_a_cpu_takes_no_notice_of_what_is_asked_of_a_gpu(graph: Path) -> None:
    options = SessionOptions(providers=(CPU,), gpu=GpuOptions(device_id=9, precision="fp16"))
    one, images = OrtSession(YUNET_N, graph, options), pictures(1)
    np.testing.assert_array_equal(one.run(images)["pixels"], images.astype(np.float32))


def test_a_service_on_a_cpu_does_not_import_onnx() -> None:
    code = "import sys, models.runtime.session; sys.exit('onnx' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
