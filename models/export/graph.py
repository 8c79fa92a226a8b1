"""What every recipe's graph has in common: the input ``images`` and fixed bytes at the end."""

from __future__ import annotations

import onnx
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from models.errors import ModelUnavailable

IR_VERSION = 10
"""Read by every ONNX Runtime since 1.18."""
PRODUCER = "facesocial"
INPUT = "images"
Dimension = str | int


def image_input(height: Dimension, width: Dimension) -> ValueInfoProto:
    """Declare ``images``: uint8 [batch, ``height``, ``width``, 3]; a name stands for any number."""
    return helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["batch", height, width, 3])


def image_nodes(target: str) -> list[NodeProto]:
    """Nodes that turn ``images`` (uint8 [N, H, W, 3]) into ``target`` (float32 [N, 3, H, W]).

    The values move as bytes and are widened last: a quarter of the memory traffic.
    """
    planes = f"{INPUT}_planes"
    return [
        helper.make_node("Transpose", [INPUT], [planes], name=f"{INPUT}/planes", perm=[0, 3, 1, 2]),
        helper.make_node("Cast", [planes], [target], name=f"{INPUT}/float", to=TensorProto.FLOAT),
    ]


def serialise(model: ModelProto, name: str) -> bytes:
    """Set what the author's tools left to chance, check the graph and return its bytes.

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
