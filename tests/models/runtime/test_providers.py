"""Options by provider, in ONNX Runtime's names."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.catalogue import CATALOGUE
from models.catalogue.card import ModelCard
from models.catalogue.detection import YUNET_N
from models.catalogue.recognition import MOBILEFACENET
from models.runtime.options import CPU, CUDA, INPUT, TENSORRT, GpuOptions
from models.runtime.providers import (
    TENSORRT_WORKSPACE_BYTES,
    ImageTensor,
    cuda_options,
    image_tensors,
    provider_options,
    tensorrt_options,
    tensorrt_profile,
)
from models.runtime.store import WeightStore

CARDS = [pytest.param(card, id=card.name) for card in CATALOGUE.values()]
PICTURES = ImageTensor(INPUT, channels_first=False)


def test_cuda_grows_by_need_and_does_not_search_each_new_shape() -> None:
    assert cuda_options(GpuOptions()) == {
        "device_id": "0",
        "arena_extend_strategy": "kSameAsRequested",
        "cudnn_conv_algo_search": "HEURISTIC",
        "use_tf32": "0",
    }


def test_cuda_takes_device_limit_and_rounding() -> None:
    options = cuda_options(GpuOptions(device_id=2, memory_limit_bytes=1 << 31, tf32=True))
    assert (options["device_id"], options["gpu_mem_limit"], options["use_tf32"]) == ("2", "2147483648", "1")


def test_tensorrt_without_a_cache_keeps_nothing() -> None:
    assert tensorrt_options(GpuOptions(device_id=3), YUNET_N) == {
        "device_id": "3",
        "trt_fp16_enable": "0",
        "trt_max_workspace_size": str(TENSORRT_WORKSPACE_BYTES),
        "trt_engine_cache_enable": "0",
        "trt_timing_cache_enable": "0",
    }


def test_tensorrt_keeps_the_engines_of_each_graph_apart(tmp_path: Path) -> None:
    gpu = GpuOptions(precision="fp16", memory_limit_bytes=123, engine_cache=tmp_path)
    first, second = tensorrt_options(gpu, YUNET_N), tensorrt_options(gpu, MOBILEFACENET)
    assert (first["trt_fp16_enable"], first["trt_max_workspace_size"]) == ("1", "123")
    assert first["trt_engine_cache_enable"] == first["trt_timing_cache_enable"] == "1"
    assert first["trt_engine_cache_path"] == str(tmp_path / f"yunet-n-1.0.0-{YUNET_N.sha256[:12]}")
    assert first["trt_engine_cache_path"] != second["trt_engine_cache_path"]
    assert first["trt_timing_cache_path"] == second["trt_timing_cache_path"] == str(tmp_path)


def test_a_profile_of_a_fixed_size_spans_the_batches() -> None:
    assert tensorrt_profile([PICTURES], MOBILEFACENET.input, 16) == {
        "trt_profile_min_shapes": "images:1x112x112x3",
        "trt_profile_opt_shapes": "images:16x112x112x3",
        "trt_profile_max_shapes": "images:16x112x112x3",
    }


def test_a_profile_of_any_size_begins_at_one_stride() -> None:
    turned = ImageTensor("turned", channels_first=True)
    assert tensorrt_profile([PICTURES, turned], YUNET_N.input, 4) == {
        "trt_profile_min_shapes": "images:1x32x32x3,turned:1x3x32x32",
        "trt_profile_opt_shapes": "images:4x640x640x3,turned:4x3x640x640",
        "trt_profile_max_shapes": "images:4x640x640x3,turned:4x3x640x640",
    }


def test_tensors_are_followed_up_to_the_first_layer(network: Path) -> None:
    assert image_tensors(network) == [PICTURES, ImageTensor("turned", True), ImageTensor("pixels", True)]


@pytest.mark.published
@pytest.mark.parametrize("card", CARDS)
def test_published_graphs_turn_the_picture_once(card: ModelCard, published: WeightStore) -> None:
    first, *others = image_tensors(published.resolve(card))
    assert first == PICTURES
    assert [tensor.channels_first for tensor in others] == [True, True]
    assert not any("," in tensor.name or ":" in tensor.name for tensor in others)


def test_each_provider_has_options_of_its_own(network: Path) -> None:
    def names(provider: str) -> set[str]:
        return set(provider_options(provider, YUNET_N, network, 8, GpuOptions()))

    assert names(CPU) == names("CoreMLExecutionProvider") == set()
    assert "cudnn_conv_algo_search" in names(CUDA)
    assert {"trt_fp16_enable", "trt_profile_opt_shapes"} <= names(TENSORRT)
    assert names(CUDA) & names(TENSORRT) == {"device_id"}
