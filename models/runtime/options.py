"""How a graph runs: providers, batches, and what is asked of a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

INPUT = "images"
CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"
GPU_PROVIDERS = frozenset({CUDA, TENSORRT})

Precision = Literal["fp32", "fp16"]


@dataclass(frozen=True, slots=True)
class GpuOptions:
    """What is asked of a GPU; a CPU ignores all of it.

    Attributes:
        device_id: Number of the GPU, as CUDA counts them.
        precision: Of weights and activations; inputs stay uint8 and outputs float32.
        memory_limit_bytes: Most that one session's arena takes (None: all that is free); TensorRT takes it as
            the most that building an engine may use.
        engine_cache: Folder for TensorRT's engines and timings (None: each start builds them again, for minutes).
        tf32: Whether CUDA may round float32 factors to 10 bits of mantissa: faster, and no longer fp32's answers.
    """

    device_id: int = 0
    precision: Precision = "fp32"
    memory_limit_bytes: int | None = None
    engine_cache: Path | None = None
    tf32: bool = False


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How a graph runs.

    Attributes:
        providers: ONNX Runtime providers in order of preference; those that are not installed are skipped.
        threads: Threads of one operator (0: ONNX Runtime's choice).
        max_batch: Larger batches are run in parts of this size, so that memory stays bounded.
        cpu_max_batch: The same on a CPU, where a larger batch takes more memory and more time an item.
        gpu: What is asked of a GPU.
    """

    providers: Sequence[str] = (CUDA, CPU)
    threads: int = 0
    max_batch: int = 16
    cpu_max_batch: int = 1
    gpu: GpuOptions = GpuOptions()


def bucket(count: int, largest: int) -> int:
    """Rows that a batch of ``count`` is padded to: the next power of two, at most ``largest``.

    A GPU then sees few shapes: cuDNN chooses its algorithms and TensorRT its tactics once for each.

    Raises:
        ValueError: ``count`` is not between 1 and ``largest``.
    """
    if not 1 <= count <= largest:
        raise ValueError(f"A batch has 1 to {largest} items, not {count}")
    return min(largest, 1 << (count - 1).bit_length())
