"""Changes to published graphs, on small graphs made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.errors import ModelUnavailable
from models.export.graph import serialise
from models.export.surgery import (
    add_initializer,
    finish,
    initializer,
    picture_input,
    read,
    swap_channels,
    take_uint8,
)

KERNEL = np.random.default_rng(5).normal(size=(2, 3, 3, 3)).astype(np.float32)
IMAGES = np.random.default_rng(6).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)


def graph(op: str = "Conv", inputs: int = 1) -> onnx.ModelProto:
    """A graph with one convolution as an older exporter writes it: weights among the inputs."""
    names = [f"x{index}" for index in range(inputs)]
    declared = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, 8, 8]) for name in names]
    declared.append(helper.make_tensor_value_info("kernel", TensorProto.FLOAT, KERNEL.shape))
    arguments = [names[0], "kernel"] if op == "Conv" else [names[0]]
    node = helper.make_node(op, arguments, ["y"], doc_string="from a stack trace")
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", "c", "h", "w"])
    weights = [numpy_helper.from_array(KERNEL, "kernel"), numpy_helper.from_array(KERNEL, "unused")]
    made = helper.make_graph([node], "published", declared, [output], weights)
    return helper.make_model(
        made, producer_name="other", opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    )


def run(model: bytes, **inputs: NDArray[np.generic]) -> NDArray[np.float32]:
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, inputs)[0])


def planes(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2).astype(np.float32))


def test_bytes_give_what_floats_gave() -> None:
    model = graph()
    expected = run(model.SerializeToString(), x0=planes(IMAGES))
    take_uint8(model, 8, 8)
    np.testing.assert_allclose(run(finish(model, "small"), images=IMAGES), expected, rtol=1e-4, atol=1e-3)


def test_turned_channels_give_for_bgr_what_rgb_gave() -> None:
    model = graph()
    expected = run(model.SerializeToString(), x0=planes(IMAGES))
    swap_channels(model)
    take_uint8(model, "height", "width")
    bgr = np.ascontiguousarray(IMAGES[..., ::-1])
    np.testing.assert_allclose(run(finish(model, "small"), images=bgr), expected, rtol=1e-4, atol=1e-3)


def test_a_graph_that_does_not_begin_with_a_convolution_keeps_its_channels() -> None:
    with pytest.raises(ModelUnavailable, match="Relu"):
        swap_channels(graph("Relu"))


def test_a_graph_of_two_pictures_is_refused() -> None:
    with pytest.raises(ModelUnavailable, match="2 inputs"):
        picture_input(graph(inputs=2))


def test_a_weight_that_is_not_there_is_said() -> None:
    with pytest.raises(ModelUnavailable, match="no weight other"):
        initializer(graph(), "other")


def test_the_bytes_say_nothing_of_the_author_and_hold_nothing_unused() -> None:
    model = graph()
    take_uint8(model, 8, 8)
    add_initializer(model, "also_unused", np.zeros(3, np.float32))
    finished = onnx.load_model_from_string(finish(model, "small"))
    assert [tensor.name for tensor in finished.graph.initializer] == ["kernel"]
    assert (finished.producer_name, finished.graph.name) == ("facesocial", "small")
    assert not any(node.doc_string for node in finished.graph.node)


def test_a_graph_that_is_not_valid_is_refused() -> None:
    model = graph()
    model.graph.node[0].input[0] = "nowhere"
    with pytest.raises(ModelUnavailable, match="not valid"):
        serialise(model, "small")


@pytest.mark.parametrize("data", [b"", b"no model", b"\x08\x01", bytes(64)])
def test_what_is_no_graph_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    with pytest.raises(ModelUnavailable):
        read(path)
