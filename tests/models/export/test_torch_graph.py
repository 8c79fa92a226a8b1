"""Any network becomes a graph that takes bytes, and a wrong description of it is refused."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from models.errors import ModelUnavailable  # noqa: E402
from models.export.torch_graph import export_torch, parity  # noqa: E402

Images = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


class Two(torch.nn.Module):
    """A vector for each picture and a map of its size; normalisation inside."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3, 2, 1)
        self.norm = torch.nn.BatchNorm2d(4)
        self.drop = torch.nn.Dropout(0.5)
        self.linear = torch.nn.Linear(4, 2)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = torch.relu(self.norm(self.conv((images - 127.5) / 128)))
        return self.linear(self.drop(x.mean((2, 3)))), x[:, :1]


@pytest.fixture
def network() -> Two:
    torch.manual_seed(0)
    return Two()


def export(network: torch.nn.Module, height: str | int = "height", width: str | int = "width") -> bytes:
    return export_torch(
        network, height=height, width=width, outputs=("vector", "map"), name="two", example=(16, 24)
    )


def images(count: int, height: int, width: int) -> Images:
    return np.random.default_rng(1).integers(0, 256, (count, height, width, 3), np.uint8)


def shapes(values: object) -> dict[str, list[str | int]]:
    return {
        value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim] for value in values
    }


def test_free_sides_take_any_picture(network: Two) -> None:
    graph = export(network)
    for shape in ((1, 16, 24), (5, 16, 24), (2, 64, 40)):
        assert parity(network, graph, images(*shape)) < 1e-5
    model = onnx.load_model_from_string(graph)
    assert shapes(model.graph.input) == {"images": ["batch", "height", "width", 3]}
    assert shapes(model.graph.output) == {"vector": ["batch", 2], "map": ["batch", 1, "map_2", "map_3"]}
    assert model.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8


def test_fixed_sides_are_kept(network: Two) -> None:
    graph = export(network, 16, 24)
    model = onnx.load_model_from_string(graph)
    assert shapes(model.graph.input) == {"images": ["batch", 16, 24, 3]}
    assert shapes(model.graph.output) == {"vector": ["batch", 2], "map": ["batch", 1, 8, 12]}
    assert parity(network, graph, images(3, 16, 24)) < 1e-5
    with pytest.raises(Exception, match="Got invalid dimensions"):
        ort.InferenceSession(graph).run(None, {"images": images(1, 32, 24)})


def test_bytes_are_the_same_each_time_and_follow_the_weights(network: Two) -> None:
    first = export(network)
    assert export(network) == first
    with torch.no_grad():
        network.linear.bias.add_(1)
    assert export(network) != first


def test_nothing_of_the_machine_is_in_it(network: Two) -> None:
    graph = export(network)
    assert b"/tests/" not in graph
    assert b"site-packages" not in graph
    model = onnx.load_model_from_string(graph)
    assert (model.producer_name, model.graph.name) == ("facesocial", "two")


def test_the_network_keeps_its_mode(network: Two) -> None:
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    graph = export(network)
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert parity(network, graph, images(1, 16, 24)) < 1e-5
    assert network.training


def test_parity_sees_other_weights(network: Two) -> None:
    graph = export(network)
    with torch.no_grad():
        network.linear.bias.add_(0.25)
    assert parity(network, graph, images(1, 16, 24)) == pytest.approx(0.25, abs=1e-4)


def test_a_wrong_number_of_names_is_refused(network: Two) -> None:
    with pytest.raises(ModelUnavailable, match="gives 2 outputs for 1 names"):
        export_torch(network, height=16, width=24, outputs=("vector",), name="two", example=(16, 24))
    assert network.training


def test_one_output_needs_no_tuple() -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1), torch.nn.Flatten(2))
    graph = export_torch(network, height=4, width=4, outputs=("flat",), name="flat", example=(4, 4))
    assert parity(network, graph, images(2, 4, 4)) < 1e-4
