"""MobileFaceNet: the published graph for any batch, with the mirror image summed inside.

Source: S. Chen, Y. Liu, X. Gao, Z. Han, "MobileFaceNets: Efficient CNNs for Accurate Real-Time Face
Verification on Mobile Devices", CCBR 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper

from models.export.files import only
from models.export.surgery import (
    add_initializer,
    finish,
    picture_input,
    read,
    replace_nodes,
    swap_channels,
    take_uint8,
)

SIDE, DIMENSION = 112, 128
_MEAN_BGR, _STD_BGR = (0.406, 0.456, 0.485), (0.225, 0.224, 0.229)
_EPSILON = 1e-10


def build(files: Mapping[str, Path]) -> bytes:
    """Return the network with input ``images`` uint8 [N, 112, 112, 3] (BGR, aligned).

    Output: ``embedding`` [N, 128], the sum of the embeddings of the crop and of its mirror image, divided by
    its L2 norm (by 1e-10 where the norm is smaller).

    Raises:
        ModelUnavailable: The file is not the expected graph.
    """
    model = read(only(files))
    swap_channels(model)
    _free_batch(model)
    take_uint8(model, SIDE, SIDE, _mirrored(model))
    replace_nodes(model, [*model.graph.node, *_summed(model)])
    del model.graph.output[:]
    model.graph.output.append(
        helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", DIMENSION])
    )
    return finish(model, "mobilefacenet")


def _free_batch(model: ModelProto) -> None:
    """Let the last reshape, made for one picture, take any number."""
    shape = add_initializer(model, "embedding_shape", np.array([-1, DIMENSION], np.int64))
    model.graph.node[-1].input[1] = shape


def _mirrored(model: ModelProto) -> list[NodeProto]:
    """From ``pixels`` to the network's input: crops standardised, and their mirror images behind them."""
    target = picture_input(model)
    mean = _channels(model, "pixel_mean", _MEAN_BGR)
    std = _channels(model, "pixel_std", _STD_BGR)
    last = add_initializer(model, "flip_start", np.array([-1], np.int64))
    before_first = add_initializer(model, "flip_end", np.array([np.iinfo(np.int64).min], np.int64))
    axis = add_initializer(model, "flip_axis", np.array([3], np.int64))
    return [
        helper.make_node("Sub", ["pixels", mean], ["centred"], name="images/centred"),
        helper.make_node("Div", ["centred", std], ["scaled"], name="images/scaled"),
        helper.make_node(
            "Slice", ["scaled", last, before_first, axis, last], ["flipped"], name="images/flip"
        ),
        helper.make_node("Concat", ["scaled", "flipped"], [target], name="images/both", axis=0),
    ]


def _channels(model: ModelProto, name: str, shares: tuple[float, ...]) -> str:
    """Add one number a channel, given for values 0-1, as a constant for values 0-255."""
    return add_initializer(model, name, (255 * np.array(shares)).astype(np.float32).reshape(3, 1, 1))


def _summed(model: ModelProto) -> list[NodeProto]:
    """From the embeddings [2N, 128] to ``embedding`` [N, 128]."""
    pairs = add_initializer(model, "pairs_shape", np.array([2, -1, DIMENSION], np.int64))
    first = add_initializer(model, "pairs_axis", np.array([0], np.int64))
    second = add_initializer(model, "norm_axis", np.array([1], np.int64))
    epsilon = add_initializer(model, "norm_floor", np.array([_EPSILON], np.float32))
    output = model.graph.output[0].name
    return [
        helper.make_node("Reshape", [output, pairs], ["pairs"], name="embedding/pairs"),
        helper.make_node("ReduceSum", ["pairs", first], ["sum"], name="embedding/sum", keepdims=0),
        helper.make_node("ReduceL2", ["sum", second], ["norm"], name="embedding/norm", keepdims=1),
        helper.make_node("Max", ["norm", epsilon], ["divisor"], name="embedding/divisor"),
        helper.make_node("Div", ["sum", "divisor"], ["embedding"], name="embedding/unit"),
    ]
