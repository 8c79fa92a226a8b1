"""Changes to graphs that were published as ONNX, and the last step of every recipe: fixed bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import ModelProto, NodeProto, TensorProto, helper

from models.errors import ModelUnavailable

IR_VERSION = 10
"""Read by every ONNX Runtime since 1.18."""
PRODUCER = "facesocial"
INPUT = "images"
Dimension = str | int


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


def image_nodes(target: str) -> list[NodeProto]:
    """Nodes that turn ``images`` (uint8 [N, H, W, 3]) into ``target`` (float32 [N, 3, H, W]).

    The values move as bytes and are widened last: a quarter of the memory traffic.
    """
    planes = f"{INPUT}_planes"
    return [
        helper.make_node("Transpose", [INPUT], [planes], name="images/planes", perm=[0, 3, 1, 2]),
        helper.make_node("Cast", [planes], [target], name="images/float", to=TensorProto.FLOAT),
    ]


def take_uint8(model: ModelProto, height: Dimension, width: Dimension) -> None:
    """Replace the only input of ``model`` (float NCHW) by ``images``, in place."""
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value.name for value in model.graph.input if value.name not in weights]
    if len(inputs) != 1:
        raise ModelUnavailable(f"One picture input was expected, the graph has {len(inputs)}.")
    replace_nodes(model, [*image_nodes(inputs[0]), *model.graph.node])
    del model.graph.input[:]
    model.graph.input.append(
        helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["batch", height, width, 3])
    )


def replace_nodes(model: ModelProto, nodes: Sequence[NodeProto]) -> None:
    """Put ``nodes`` in place of the graph's own."""
    kept = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(kept)


def serialise(model: ModelProto, name: str) -> bytes:
    """Strip what changes from author to author, check the graph and return its bytes.

    Raises:
        ModelUnavailable: The graph is not valid ONNX.
    """
    model.ir_version = IR_VERSION
    model.producer_name, model.producer_version = PRODUCER, ""
    model.domain, model.model_version, model.doc_string = "", 0, ""
    model.graph.name, model.graph.doc_string = name, ""
    del model.graph.value_info[:]
    del model.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ModelUnavailable(f"The graph made for {name} is not valid: {error}") from error
    return bytes(model.SerializeToString(deterministic=True))
