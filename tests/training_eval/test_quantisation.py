"""Eight bits are taken where the figure holds and refused where it does not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import numpy_helper

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from models.export.torch_graph import export_torch  # noqa: E402
from training_eval.errors import TrainingFailed  # noqa: E402
from training_eval.quantisation import Quantised, quantise, to_eight_bits  # noqa: E402

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
COUNT = 64


class Bright(torch.nn.Module):
    """Which of two halves is brighter."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3, padding=1)
        self.linear = torch.nn.Linear(8, 2)
        with torch.no_grad():
            self.conv.weight.fill_(1 / 27)
            self.conv.bias.zero_()
            self.linear.weight.copy_(torch.tensor([[1.0] * 4 + [0.0] * 4, [0.0] * 4 + [1.0] * 4]))
            self.linear.bias.zero_()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.conv(images / 255))
        left, right = x[..., :8].mean((2, 3)), x[..., 8:].mean((2, 3))
        return self.linear(torch.cat([left, right], 1))


@pytest.fixture(scope="module")
def graph() -> bytes:
    return export_torch(Bright(), height=16, width=16, outputs=("side",), name="bright", example=(16, 16))


@pytest.fixture(scope="module")
def pictures() -> Pixels:
    random = np.random.default_rng(0)
    made = random.integers(0, 200, (COUNT, 16, 16, 3))
    made[np.arange(COUNT) % 2 == 0, :, :8] += 40
    made[np.arange(COUNT) % 2 == 1, :, 8:] += 40
    return made.astype(np.uint8)


@pytest.fixture(scope="module")
def accuracy(pictures: Pixels) -> Callable[[bytes], float]:
    def measure(graph: bytes) -> float:
        (side,) = ort.InferenceSession(graph).run(None, {"images": pictures})
        return float((side.argmax(1) == np.arange(COUNT) % 2).mean())

    return measure


def test_a_graph_that_holds_is_given_with_both_figures(
    graph: bytes, pictures: Pixels, accuracy: Callable[[bytes], float]
) -> None:
    made = quantise(graph, [pictures[:16], pictures[16:32]], accuracy)
    assert made.before == made.after == 1.0
    assert made.lost == 0
    kinds = {node.op_type for node in onnx.load_model_from_string(made.graph).graph.node}
    assert {"QuantizeLinear", "DequantizeLinear", "Conv"} <= kinds
    model = onnx.load_model_from_string(made.graph)
    weights = [numpy_helper.to_array(t) for t in model.graph.initializer if len(t.dims) == 4]
    assert [weight.dtype for weight in weights] == [np.int8]
    assert [(value.name, value.type.tensor_type.elem_type) for value in model.graph.input] == [
        ("images", onnx.TensorProto.UINT8)
    ]


def test_the_same_pictures_give_the_same_bytes(graph: bytes, pictures: Pixels) -> None:
    assert to_eight_bits(graph, [pictures]) == to_eight_bits(graph, [pictures])


def test_a_graph_broken_by_its_calibration_is_refused(
    graph: bytes, pictures: Pixels, accuracy: Callable[[bytes], float]
) -> None:
    """Shown dark pictures alone, the ranges end where the others begin: every answer is cut off."""
    with pytest.raises(TrainingFailed, match="Keep the original") as error:
        quantise(graph, [pictures // 50], accuracy)
    assert error.value.details["before"] == 1.0
    assert float(str(error.value.details["after"])) < 0.9


@pytest.mark.parametrize(
    ("after", "holds"), [(0.7961, True), (0.7959, False), (0.9, True), (float("nan"), False)]
)
def test_half_a_percent_of_the_figure_may_be_lost(
    graph: bytes, pictures: Pixels, after: float, holds: bool
) -> None:
    figures = iter((0.8, after))
    if holds:
        assert quantise(graph, [pictures], lambda made: next(figures)).after == after
    else:
        with pytest.raises(TrainingFailed):
            quantise(graph, [pictures], lambda made: next(figures))


def test_nodes_that_are_kept_stay_float(graph: bytes, pictures: Pixels) -> None:
    name = next(n.name for n in onnx.load_model_from_string(graph).graph.node if n.op_type == "Conv")
    model = onnx.load_model_from_string(to_eight_bits(graph, [pictures], keep=[name]))
    convolution = next(node for node in model.graph.node if node.name == name)
    weight = next(tensor for tensor in model.graph.initializer if tensor.name == convolution.input[1])
    assert weight.data_type == onnx.TensorProto.FLOAT


def test_what_is_lost_is_a_share_of_the_figure() -> None:
    assert Quantised(b"", 0.8, 0.4).lost == pytest.approx(0.5)
    assert Quantised(b"", 0.8, 0.9).lost < 0
