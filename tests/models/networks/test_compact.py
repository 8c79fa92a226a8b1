from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from models.export.torch_graph import export_torch, parity  # noqa: E402
from models.networks.compact_demographics import CompactDemographics  # noqa: E402
from models.networks.compact_embedder import CompactEmbedder  # noqa: E402

MOST_BYTES = 3_000_000


def _used(network: torch.nn.Module) -> torch.nn.Module:
    """Weights and statistics as after training: none of them what they begin with."""
    generator = torch.Generator().manual_seed(3)
    for name, value in network.state_dict().items():
        if value.dtype.is_floating_point:
            noise = torch.rand(value.shape, generator=generator)
            value.add_(0.1 * noise if name.endswith("running_var") else 0.05 * (noise - 0.5))
    return network.eval()


def _pictures(count: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (count, 112, 112, 3), dtype=np.uint8)


def _planes(pictures: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float()


@pytest.mark.parametrize("dimension", [64, 128])
def test_embeddings_are_unit_vectors_of_the_dimension(dimension: int) -> None:
    network = _used(CompactEmbedder(dimension))
    with torch.no_grad():
        found = network(_planes(_pictures(3)))
    assert found.shape == (3, dimension)
    np.testing.assert_allclose(found.norm(dim=1).numpy(), 1, atol=1e-5)
    assert (found[0] - found[1]).abs().max() > 1e-4


def test_a_mirrored_face_has_the_same_embedding() -> None:
    network, pictures = _used(CompactEmbedder()), _pictures(2)
    with torch.no_grad():
        found, turned = network(_planes(pictures)), network(_planes(pictures[:, :, ::-1].copy()))
    np.testing.assert_allclose(found.numpy(), turned.numpy(), atol=1e-5)


def test_a_black_picture_has_an_embedding() -> None:
    with torch.no_grad():
        found = _used(CompactEmbedder())(torch.zeros(1, 3, 112, 112))
    assert torch.isfinite(found).all()


def test_the_embedding_is_of_its_own_picture_whatever_is_beside_it() -> None:
    network, pictures = _used(CompactEmbedder()), _planes(_pictures(3))
    with torch.no_grad():
        together, alone = network(pictures), network(pictures[1:2])
    np.testing.assert_allclose(together[1:2].numpy(), alone.numpy(), atol=1e-5)


def test_demographics_are_years_and_probabilities() -> None:
    network = _used(CompactDemographics())
    with torch.no_grad():
        age, gender = network(_planes(_pictures(4)))
    assert (age.shape, gender.shape) == ((4, 1), (4, 2))
    np.testing.assert_allclose(gender.sum(dim=1).numpy(), 1, atol=1e-6)
    assert (gender >= 0).all()
    assert (age[0] - age[1]).abs().max() > 1e-4


def test_a_mirrored_face_is_as_old() -> None:
    network, pictures = _used(CompactDemographics()), _pictures(2)
    with torch.no_grad():
        found, turned = network(_planes(pictures)), network(_planes(pictures[:, :, ::-1].copy()))
    for first, second in zip(found, turned, strict=True):
        np.testing.assert_allclose(first.numpy(), second.numpy(), atol=1e-4)


@pytest.mark.parametrize(
    ("network", "outputs"),
    [(CompactEmbedder(), ["embedding"]), (CompactDemographics(), ["age", "gender"])],
    ids=["embedder", "demographics"],
)
def test_the_graph_gives_what_the_network_gives(network: torch.nn.Module, outputs: list[str]) -> None:
    network = _used(network)
    graph = export_torch(network, height=112, width=112, outputs=outputs, name="x", example=(112, 112))
    assert len(graph) <= MOST_BYTES
    assert parity(network, graph, _pictures(5)) < 2e-4
    again = export_torch(network, height=112, width=112, outputs=outputs, name="x", example=(112, 112))
    assert again == graph
