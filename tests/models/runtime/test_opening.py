"""Which provider a session runs on, and why it is not the one before it in the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime as ort
import pytest

from models.catalogue.detection import YUNET_N
from models.errors import ModelUnavailable
from models.runtime import opening
from models.runtime.opening import NOT_LOADED, first_that_works, open_graph
from models.runtime.options import CPU, CUDA, TENSORRT, GpuOptions, SessionOptions
from models.runtime.precision import half

ALL = (TENSORRT, CUDA, CPU)


@dataclass
class Loaded:
    """A session that ONNX Runtime made on these providers."""

    providers: list[str]

    def get_providers(self) -> list[str]:
        return self.providers


class Machine:
    """Loads some providers, leaves others out without a word, and refuses a graph on the rest."""

    def __init__(self, *works: str, raises: Sequence[str] = ()) -> None:
        self.works, self.raises = works, raises
        self.tried: list[tuple[str, ...]] = []

    def __call__(self, providers: Sequence[str]) -> Any:
        self.tried.append(tuple(providers))
        if providers[0] in self.raises:
            raise RuntimeError(f"no kernel on {providers[0]}")
        return Loaded([name for name in (*providers, CPU) if name in self.works])


def test_the_first_choice_is_tried_once() -> None:
    machine = Machine(*ALL)
    opened = first_that_works(ALL, machine)
    assert (opened.provider, opened.refused, machine.tried) == (TENSORRT, {}, [ALL])


def test_a_provider_left_out_without_a_word_is_named() -> None:
    machine = Machine(CUDA, CPU)
    opened = first_that_works(ALL, machine)
    assert (opened.provider, opened.refused) == (CUDA, {TENSORRT: NOT_LOADED})
    assert machine.tried == [ALL, (CUDA, CPU)]


def test_a_provider_that_refuses_the_graph_is_named_with_its_words() -> None:
    opened = first_that_works(ALL, Machine(CPU, raises=[TENSORRT]))
    assert opened.provider == CPU
    assert "no kernel on TensorrtExecutionProvider" in opened.refused[TENSORRT]
    assert opened.refused[CUDA] == NOT_LOADED


def test_a_list_without_the_cpu_does_not_end_on_the_cpu() -> None:
    with pytest.raises(ModelUnavailable, match=rf"{TENSORRT} is .*; {CUDA} is installed but could not"):
        first_that_works((TENSORRT, CUDA), Machine(CPU))


class Seen:
    """Stands in for ONNX Runtime's session and keeps what it is made of."""

    def __init__(self, source: str | bytes, options: Any, providers: Any, enable_fallback: int) -> None:
        self.source, self.providers, self.enable_fallback = source, dict(providers), enable_fallback

    def get_providers(self) -> list[str]:
        return list(self.providers)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening.ort, "InferenceSession", Seen)


def opened(path: Path, providers: Sequence[str], gpu: GpuOptions) -> Any:
    return open_graph(YUNET_N, path, providers, SessionOptions(max_batch=8, gpu=gpu)).session


@pytest.mark.usefixtures("seen")
def test_cuda_gets_a_graph_in_half_precision(network: Path) -> None:
    assert opened(network, (CUDA, CPU), GpuOptions(precision="fp16")).source == half(network)
    assert opened(network, (CUDA, CPU), GpuOptions()).source == str(network)


@pytest.mark.usefixtures("seen")
def test_tensorrt_and_a_cpu_get_the_graph_as_it_is(network: Path) -> None:
    gpu = GpuOptions(precision="fp16")
    assert opened(network, ALL, gpu).source == str(network)
    assert opened(network, (CPU,), gpu).source == str(network)


@pytest.mark.usefixtures("seen")
def test_every_provider_gets_its_own_options(network: Path, tmp_path: Path) -> None:
    cache = tmp_path / "engines"
    session = opened(network, ALL, GpuOptions(device_id=1, precision="fp16", engine_cache=cache))
    assert list(session.providers) == list(ALL)
    assert session.providers[TENSORRT]["trt_fp16_enable"] == "1"
    assert session.providers[TENSORRT]["trt_profile_max_shapes"].startswith(
        "images:8x640x640x3,turned:8x3x640"
    )
    assert session.providers[CUDA]["device_id"] == "1"
    assert session.providers[CPU] == {}
    assert session.enable_fallback == 0
    assert cache.is_dir()


def test_a_graph_that_only_some_providers_refuse_runs_on_the_next(
    network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ort.InferenceSession

    def picky(source: Any, options: Any, providers: Any, **rest: Any) -> ort.InferenceSession:
        if providers[0][0] != CPU:
            raise RuntimeError("invalid device ordinal")
        return real(source, options, providers=providers, **rest)

    monkeypatch.setattr(opening.ort, "InferenceSession", picky)
    result = open_graph(YUNET_N, network, ALL, SessionOptions(gpu=GpuOptions(precision="fp16")))
    assert result.provider == CPU
    assert all("invalid device ordinal" in result.refused[name] for name in (TENSORRT, CUDA))
