"""The classifier gives probabilities, keeps peaks, and its graph is the same function."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from models.export.torch_graph import export_torch, parity  # noqa: E402
from models.networks.compact_classifier import CompactClassifier, Ending  # noqa: E402

KINDS: list[tuple[tuple[int, ...], int, Ending, int]] = [
    ((8, 12, 16), 3, "softmax", 64),
    ((8, 12, 16), 1, "sigmoid", 64),
]


def trained_a_little(
    widths: tuple[int, ...], outputs: int, ending: Ending, side: int, whole: bool = False
) -> CompactClassifier:
    """A network whose normalisations have seen something: new ones are the identity."""
    torch.manual_seed(0)
    network = CompactClassifier(widths, outputs, ending, residual=whole, places=4 * whole)
    for _ in range(3):
        network(torch.rand(8, 3, side, side) * 255)
    return network.eval()


@pytest.mark.parametrize(("widths", "outputs", "ending", "side"), KINDS)
def test_outputs_are_probabilities(widths: tuple[int, ...], outputs: int, ending: Ending, side: int) -> None:
    network = trained_a_little(widths, outputs, ending, side)
    with torch.no_grad():
        found = network(torch.rand(4, 3, side, side) * 255)
        logits = network.logits(torch.rand(4, 3, side, side) * 255)
    assert found.shape == logits.shape == (4, outputs)
    assert ((found >= 0) & (found <= 1)).all()
    if ending == "softmax":
        torch.testing.assert_close(found.sum(dim=1), torch.ones(4))


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(("widths", "outputs", "ending", "side"), KINDS)
def test_the_graph_is_the_network(
    widths: tuple[int, ...], outputs: int, ending: Ending, side: int, whole: bool
) -> None:
    network = trained_a_little(widths, outputs, ending, side, whole)
    name = "probabilities" if outputs > 1 else "real"
    graph = export_torch(
        network, height=side, width=side, outputs=[name], name="compact", example=(side, side)
    )
    images = np.random.default_rng(1).integers(0, 256, (5, side, side, 3), dtype=np.uint8)
    assert parity(network, graph, images) < 1e-5
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    assert [(put.name, put.shape) for put in session.get_inputs()] == [("images", ["batch", side, side, 3])]
    assert [(put.name, put.shape) for put in session.get_outputs()] == [(name, ["batch", outputs])]
    one_by_one = [session.run(None, {"images": image[None]})[0] for image in images]
    np.testing.assert_allclose(
        np.concatenate(one_by_one), session.run(None, {"images": images})[0], atol=1e-6
    )


def test_the_graph_has_plain_convolutions_alone() -> None:
    network = trained_a_little(*KINDS[0])
    graph = export_torch(network, height=64, width=64, outputs=["p"], name="compact", example=(64, 64))
    convolutions = [node for node in onnx.load_model_from_string(graph).graph.node if node.op_type == "Conv"]
    assert len(convolutions) == 6
    for node in convolutions:
        attributes = {
            attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute
        }
        assert attributes["group"] == 1
        assert attributes["kernel_shape"] == [3, 3]


def test_a_trace_in_one_place_reaches_the_last_layer() -> None:
    """The peak of a map moves far more than its mean when one place changes."""
    network = trained_a_little(*KINDS[0])
    plain = torch.full((1, 3, 80, 80), 127.0)
    marked = plain.clone()
    marked[..., 40:44, 40:44] = 255
    with torch.no_grad():
        before, after = (network.body((x - 127.5) / 64) for x in (plain, marked))
    peak, mean = (
        (after.amax((2, 3)) - before.amax((2, 3))).abs().max(),
        (after.mean((2, 3)) - before.mean((2, 3))).abs().max(),
    )
    assert peak > 2 * mean
