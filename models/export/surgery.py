"""Changes to graphs that were published as ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, numpy_helper

from models.errors import ModelUnavailable
from models.export.graph import Dimension, image_input, image_nodes, serialise


def read(path: Path) -> ModelProto:
    """Read a published ONNX file.

    Raises:
        ModelUnavailable: The file is missing, or no ONNX model.
    """
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except (OSError, DecodeError) as error:
        raise ModelUnavailable(f"{path.name} cannot be read as an ONNX model: fetch it again.") from error
    if not model.graph.node:
        raise ModelUnavailable(f"{path.name} holds no graph: fetch it again.")
    return model


def take_uint8(
    model: ModelProto, height: Dimension, width: Dimension, prepare: Sequence[NodeProto] = ()
) -> None:
    """Replace the only input of ``model`` (float [N, 3, H, W]) by ``images``, in place.

    Args:
        model: A graph with one picture input.
        height: Of the pictures; a name where it is free.
        width: As ``height``.
        prepare: Nodes from ``pixels`` (0-255 as float32 [N, 3, H, W]) to the graph's own input; none where it
            takes the values as they are.

    Raises:
        ModelUnavailable: The graph has no input or several.
    """
    name = picture_input(model)
    nodes = [*image_nodes("pixels" if prepare else name), *prepare, *model.graph.node]
    replace_nodes(model, nodes)
    del model.graph.input[:]
    model.graph.input.append(image_input(height, width))


def picture_input(model: ModelProto) -> str:
    """Return the name of the only input that is no weight.

    Raises:
        ModelUnavailable: There is none, or several.
    """
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value.name for value in model.graph.input if value.name not in weights]
    if len(inputs) != 1:
        raise ModelUnavailable(f"The graph has {len(inputs)} inputs where one is expected: fetch it again.")
    return str(inputs[0])


def replace_nodes(model: ModelProto, nodes: Sequence[NodeProto]) -> None:
    """Put ``nodes`` in place of the graph's own."""
    kept = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(kept)


def initializer(model: ModelProto, name: str) -> TensorProto:
    """Return the weight of that name.

    Raises:
        ModelUnavailable: The graph has none.
    """
    found: list[TensorProto] = [tensor for tensor in model.graph.initializer if tensor.name == name]
    if found:
        return found[0]
    raise ModelUnavailable(f"The graph has no weight {name}: it is not the published one, fetch it again.")


def add_initializer(model: ModelProto, name: str, values: NDArray[np.generic]) -> str:
    """Add a constant and return its name."""
    model.graph.initializer.append(numpy_helper.from_array(values, name))
    return name


def finish(model: ModelProto, name: str) -> bytes:
    """Drop weights that nothing reads any more and return the graph's bytes.

    Raises:
        ModelUnavailable: The graph is not valid ONNX.
    """
    read_values = {value for node in model.graph.node for value in node.input}
    kept = [node for node in model.graph.node if node.op_type != "Constant" or node.output[0] in read_values]
    replace_nodes(model, kept)
    weights = [tensor for tensor in model.graph.initializer if tensor.name in read_values]
    copies = [TensorProto.FromString(tensor.SerializeToString()) for tensor in weights]
    del model.graph.initializer[:]
    model.graph.initializer.extend(copies)
    return serialise(model, name)


def swap_channels(model: ModelProto) -> None:
    """Make a graph that expects RGB take BGR: turn the input channels of its first convolution round."""
    name = picture_input(model)
    first = next(node for node in model.graph.node if name in node.input)
    if first.op_type != "Conv":
        raise ModelUnavailable(f"The graph begins with {first.op_type} where a convolution is expected.")
    weight = initializer(model, first.input[1])
    turned = np.ascontiguousarray(numpy_helper.to_array(weight)[:, ::-1])
    weight.CopyFrom(numpy_helper.from_array(turned, weight.name))
