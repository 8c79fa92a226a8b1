"""The convolutions of an ONNX graph whose batch normalisation was folded by its author."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import numpy_helper

from models.errors import ModelUnavailable
from models.export.readers.tensors import Floats, Tensors
from models.export.surgery import initializer, read


def read_convolutions(path: Path) -> Tensors:
    """Read kernels and biases in the order of the graph, as ``0/kernel``, ``0/bias``, ``1/kernel`` and so on.

    Raises:
        ModelUnavailable: The file cannot be read, or a convolution has no bias.
    """
    model = read(path)
    values: dict[str, Floats] = {}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    for index, node in enumerate(convolutions):
        if len(node.input) != 3:
            raise ModelUnavailable(f"{path.name}: {node.name} has no bias, its normalisation was not folded.")
        for part, name in zip(("kernel", "bias"), node.input[1:], strict=True):
            array = numpy_helper.to_array(initializer(model, name))
            values[f"{index}/{part}"] = np.array(array, np.float32)
    return Tensors(path.name, values)
