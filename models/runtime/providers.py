"""ONNX Runtime's options for each execution provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.catalogue.card import InputSpec, ModelCard
from models.runtime.options import CUDA, INPUT, TENSORRT, GpuOptions

TENSORRT_WORKSPACE_BYTES = 1 << 30
CHANNELS = 3


@dataclass(frozen=True, slots=True)
class ImageTensor:
    """A tensor that still holds the pictures: the input, or what a transpose or a cast made of it."""

    name: str
    channels_first: bool

    def shape(self, count: int, height: int, width: int) -> str:
        """As TensorRT's profiles spell it: ``name:NxHxWx3``, or ``name:Nx3xHxW``."""
        sides = (CHANNELS, height, width) if self.channels_first else (height, width, CHANNELS)
        return f"{self.name}:{'x'.join(map(str, (count, *sides)))}"


def provider_options(
    provider: str, card: ModelCard, path: Path, max_batch: int, gpu: GpuOptions
) -> dict[str, str]:
    """Options of one provider, as ONNX Runtime takes them; none for a provider that is no GPU.

    Args:
        provider: ONNX Runtime's name.
        card: What ``path`` holds.
        path: The ONNX file.
        max_batch: Rows of the largest batch.
        gpu: What is asked of the GPU.
    """
    if provider == CUDA:
        return cuda_options(gpu)
    if provider == TENSORRT:
        profile = tensorrt_profile(image_tensors(path), card.input, max_batch)
        return tensorrt_options(gpu, card) | profile
    return {}


def cuda_options(gpu: GpuOptions) -> dict[str, str]:
    """Memory that grows by what is needed, and no exhaustive search for each new shape."""
    options = {
        "device_id": str(gpu.device_id),
        "arena_extend_strategy": "kSameAsRequested",
        "cudnn_conv_algo_search": "HEURISTIC",
        "use_tf32": _flag(gpu.tf32),
    }
    if gpu.memory_limit_bytes is not None:
        options["gpu_mem_limit"] = str(gpu.memory_limit_bytes)
    return options


def tensorrt_options(gpu: GpuOptions, card: ModelCard) -> dict[str, str]:
    """Precision, workspace and caches; each graph has a folder of its own in the cache."""
    options = {
        "device_id": str(gpu.device_id),
        "trt_fp16_enable": _flag(gpu.precision == "fp16"),
        "trt_max_workspace_size": str(gpu.memory_limit_bytes or TENSORRT_WORKSPACE_BYTES),
        "trt_engine_cache_enable": _flag(gpu.engine_cache is not None),
        "trt_timing_cache_enable": _flag(gpu.engine_cache is not None),
    }
    if gpu.engine_cache is not None:
        options["trt_engine_cache_path"] = str(gpu.engine_cache / Path(card.file_name).stem)
        options["trt_timing_cache_path"] = str(gpu.engine_cache)
    return options


def tensorrt_profile(tensors: Sequence[ImageTensor], spec: InputSpec, max_batch: int) -> dict[str, str]:
    """One profile for all shapes that occur: without it every new shape builds a new engine.

    A network of any input size gets canvases from one stride to the full size.
    """
    full = (spec.height, spec.width)
    least = full if spec.stride == 1 else (spec.stride, spec.stride)
    shapes = {"min": (1, *least), "opt": (max_batch, *full), "max": (max_batch, *full)}
    return {
        f"trt_profile_{name}_shapes": ",".join(tensor.shape(*shape) for tensor in tensors)
        for name, shape in shapes.items()
    }


def image_tensors(path: Path) -> list[ImageTensor]:
    """The input and what the transposes and casts behind it give, in order.

    TensorRT takes no uint8 transpose, so that its part of the graph begins behind one of these nodes, and
    ONNX Runtime asks for a profile of the tensor there.
    """
    import onnx  # slow to import, and a service on a CPU has no need of it

    tensors = [ImageTensor(INPUT, channels_first=False)]
    for node in onnx.load(path).graph.node:
        if node.op_type not in ("Transpose", "Cast") or node.input[0] != tensors[-1].name:
            break
        turned = node.op_type == "Transpose"
        tensors.append(ImageTensor(node.output[0], tensors[-1].channels_first != turned))
    return tensors


def _flag(value: bool) -> str:
    return "1" if value else "0"
