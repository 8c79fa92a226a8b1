"""Graphs of a few nodes, and the published ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from models.runtime.options import INPUT
from models.runtime.store import WeightStore


def written(graph: onnx.GraphProto, path: Path) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two outputs: the picture as floats, and its mean over height and width."""
    nodes = [
        helper.make_node("Cast", [INPUT], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["mean"], axes=[1, 2], keepdims=0),
    ]
    made = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["n", "h", "w", 3])],
        [
            helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["n", 3]),
            helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", "h", "w", 3]),
        ],
    )
    return written(made, tmp_path_factory.mktemp("graph") / "tiny.onnx")


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A convolution of four channels over pictures of any size, and its mean."""
    weights = np.random.default_rng(5).normal(0, 0.01, (4, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Transpose", [INPUT], ["turned"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["turned"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["pixels", "weights"], ["maps"], pads=[1, 1, 1, 1]),
        helper.make_node("ReduceMean", ["maps"], ["mean"], axes=[2, 3], keepdims=0),
    ]
    made = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["n", "h", "w", 3])],
        [
            helper.make_tensor_value_info("maps", TensorProto.FLOAT, ["n", 4, "h", "w"]),
            helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["n", 4]),
        ],
        [numpy_helper.from_array(weights, "weights")],
    )
    return written(made, tmp_path_factory.mktemp("graph") / "network.onnx")


@pytest.fixture(scope="session")
def published(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> WeightStore:
    """Resolves every card from the mirror."""
    return WeightStore(tmp_path_factory.mktemp("published"), mirror=str(mirror), offline=True)
