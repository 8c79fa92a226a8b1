"""From a torch network to a graph with the input ``images``."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper
from torch import nn

from models.errors import ModelUnavailable
from models.export.graph import INPUT, Dimension
from models.export.surgery import finish, take_uint8

_OPSET = 17
_PIXELS = "pixels_in"


def export_torch(
    network: nn.Module,
    *,
    height: Dimension,
    width: Dimension,
    outputs: Sequence[str],
    name: str,
    example: tuple[int, int],
) -> bytes:
    """Return a network's graph; the same weights give the same bytes.

    Args:
        network: Takes float32 [N, 3, H, W], BGR, 0-255, and gives one tensor or a tuple of them, each with N
            first. Any normalisation is its own. It is exported in evaluation mode and left as it was.
        height: Of the pictures; a name where it is free.
        width: As ``height``.
        outputs: Names of what the network gives, in its order.
        name: Of the graph.
        example: Height and width of the picture that the network is traced with.

    Raises:
        ModelUnavailable: The network gives another number of outputs, or what it does is not valid ONNX.
    """
    trained = network.training
    network.eval()
    try:
        shapes = _shapes(network, outputs, example, height, width)
        model = _traced(network, outputs, example, height, width)
    finally:
        network.train(trained)
    take_uint8(model, height, width)
    _declare(model, shapes)
    return finish(model, name)


def parity(network: nn.Module, graph: bytes, images: NDArray[np.uint8]) -> float:
    """Largest absolute difference between a network's outputs and its graph's.

    Args:
        network: As for ``export_torch``; its mode is left as it was.
        graph: What that returned.
        images: uint8 [N, H, W, 3].
    """
    trained = network.training
    network.eval()
    planes = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    with torch.no_grad():
        wanted = _tuple(network(planes))
    network.train(trained)
    found = ort.InferenceSession(graph, providers=["CPUExecutionProvider"]).run(None, {INPUT: images})
    return max(float(np.abs(a.numpy() - b).max()) for a, b in zip(wanted, found, strict=True))


def _traced(
    network: nn.Module, outputs: Sequence[str], example: tuple[int, int], height: Dimension, width: Dimension
) -> ModelProto:
    free = {2: height, 3: width}
    axes: dict[str, dict[int, str]] = {output: {0: "batch"} for output in outputs}
    axes[_PIXELS] = {0: "batch"} | {axis: side for axis, side in free.items() if isinstance(side, str)}
    pixels = _blank(network, example)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter is an old one; the newer needs onnxscript
        path = Path(folder) / "traced.onnx"
        torch.onnx.export(
            network, (pixels,), path, input_names=[_PIXELS], output_names=list(outputs), dynamic_axes=axes,
            opset_version=_OPSET, dynamo=False,
        )  # fmt: skip
        return onnx.load_model_from_string(path.read_bytes())


def _shapes(
    network: nn.Module, outputs: Sequence[str], example: tuple[int, int], height: Dimension, width: Dimension
) -> list[list[Dimension]]:
    """Shape of each output; an axis that follows the picture's size gets a name."""
    larger = tuple(
        2 * side if isinstance(free, str) else side
        for side, free in zip(example, (height, width), strict=True)
    )
    with torch.no_grad():
        small, large = (_tuple(network(_blank(network, size))) for size in (example, larger))
    if len(small) != len(outputs):
        raise ModelUnavailable(f"The network gives {len(small)} outputs for {len(outputs)} names.")
    return [
        ["batch", *(a if a == b else f"{name}_{axis}" for axis, (a, b) in _axes(first, second))]
        for name, first, second in zip(outputs, small, large, strict=True)
    ]


def _axes(first: torch.Tensor, second: torch.Tensor) -> list[tuple[int, tuple[int, int]]]:
    """Numbers and lengths of all axes but the first."""
    return list(enumerate(zip(first.shape, second.shape, strict=True)))[1:]


def _blank(network: nn.Module, size: tuple[int, ...]) -> torch.Tensor:
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    return torch.zeros(1, 3, *size, device=device)


def _declare(model: ModelProto, shapes: Sequence[Sequence[Dimension]]) -> None:
    """The tracer numbers what it does not know."""
    for output, shape in zip(model.graph.output, shapes, strict=True):
        declared = helper.make_tensor_value_info(output.name, TensorProto.FLOAT, shape)
        output.CopyFrom(declared)


def _tuple(found: Any) -> tuple[torch.Tensor, ...]:
    return tuple(found) if isinstance(found, (tuple, list)) else (found,)
