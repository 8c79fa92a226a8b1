"""The detector's outputs are YuNet's by name, shape and meaning, for pictures of any size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from models.catalogue.detection import YUNET_N  # noqa: E402
from models.export.torch_graph import export_torch, parity  # noqa: E402
from models.networks.compact_detector import (  # noqa: E402
    STRIDES,
    CompactDetector,
    Widths,
    output_names,
)
from models.processing.yunet import BOX, POINTS, SCORE, decode_yunet  # noqa: E402
from models.runtime.session import CPU, OrtSession, SessionOptions  # noqa: E402
from models.runtime.store import WeightStore  # noqa: E402

SMALL = Widths(stem=(4, 4), grids=(4, 4, 4), head=4)
Images = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


@pytest.fixture(scope="module")
def network() -> CompactDetector:
    torch.manual_seed(0)
    made = CompactDetector(SMALL).train()
    with torch.no_grad():  # statistics of normalisation, as after training
        made(torch.rand(4, 3, 64, 64) * 255)
    return made.eval()


@pytest.fixture(scope="module")
def graph(network: CompactDetector) -> bytes:
    return export_torch(
        network, height="height", width="width", outputs=output_names(), name="small", example=(64, 96)
    )


def pictures(count: int, height: int, width: int) -> Images:
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), np.uint8)


@pytest.mark.parametrize("shape", [(1, 64, 96), (3, 32, 32), (2, 160, 64)])
def test_the_graph_is_the_network(
    network: CompactDetector, graph: bytes, shape: tuple[int, int, int]
) -> None:
    assert parity(network, graph, pictures(*shape)) < 1e-4


def test_the_same_weights_give_the_same_bytes(network: CompactDetector, graph: bytes) -> None:
    again = export_torch(
        network, height="height", width="width", outputs=output_names(), name="small", example=(64, 96)
    )
    assert again == graph


@pytest.mark.published
def test_outputs_are_the_published_detectors_by_name_shape_and_range(
    graph: bytes, mirror: Path, tmp_path: Path
) -> None:
    images = pictures(2, 96, 160)
    teacher = OrtSession(
        YUNET_N,
        WeightStore(tmp_path, mirror=str(mirror), offline=True).resolve(YUNET_N),
        SessionOptions((CPU,)),
    ).run(images)
    own = ort.InferenceSession(graph, providers=[CPU])
    found = dict(zip(output_names(), own.run(list(output_names()), {"images": images}), strict=True))
    assert {output.name for output in own.get_outputs()} == set(teacher)
    assert {name: value.shape for name, value in found.items()} == {n: v.shape for n, v in teacher.items()}
    for name, value in found.items():
        if name.startswith(("cls", "obj")):
            assert value.min() >= 0
            assert value.max() <= 1


def test_cls_times_obj_is_the_score(network: CompactDetector) -> None:
    images = torch.rand(1, 3, 64, 64) * 255
    with torch.no_grad():
        outputs = dict(zip(output_names(), network(images), strict=True))
        cells = network.cells(images)
    for stride, (logit, _) in zip(STRIDES, cells, strict=True):
        product = outputs[f"cls_{stride}"] * outputs[f"obj_{stride}"]
        torch.testing.assert_close(product, torch.sigmoid(logit))


def test_a_cell_is_decoded_where_it_lies(network: CompactDetector) -> None:
    """Row-major cells: what the head of stride 16 says of row 1, column 4 becomes a box there."""
    rows, columns = 3, 5
    shapes = {8: 4 * rows * columns, 16: rows * columns, 32: 6}
    outputs = {f"{kind}_{s}": np.zeros((shapes[s], 1), np.float32) for kind in ("cls", "obj") for s in shapes}
    places = {s: np.zeros((shapes[s], 14), np.float32) for s in shapes}
    flat = torch.arange(rows * columns).reshape(1, 1, rows, columns).flatten(2).transpose(1, 2)
    cell = int(flat[0, 1 * columns + 4, 0])
    outputs["cls_16"][cell] = outputs["obj_16"][cell] = 0.9
    places[16][cell, :4] = (0.5, 0.25, np.log(2), np.log(3))
    outputs |= {f"bbox_{s}": places[s][:, :4] for s in shapes} | {
        f"kps_{s}": places[s][:, 4:] for s in shapes
    }
    (found,) = decode_yunet(outputs, (48, 80), STRIDES, 0.5)
    np.testing.assert_allclose(found[BOX], (4 * 16 + 8 - 16, 16 + 4 - 24, 32, 48), rtol=1e-5)
    np.testing.assert_allclose(found[POINTS].reshape(5, 2), [(64, 16)] * 5)
    assert found[SCORE] == pytest.approx(0.81)


def test_the_network_moves_with_its_picture(network: CompactDetector) -> None:
    """A shift by the coarsest stride moves every answer by one coarse cell: rows are rows, columns columns."""
    patch = torch.rand(1, 3, 96, 96) * 255
    first, second = torch.zeros(1, 3, 320, 384), torch.zeros(1, 3, 320, 384)
    first[..., 96:192, 128:224] = patch
    second[..., 128:224, 160:256] = patch
    with torch.no_grad():
        a, b = network.cells(first)[2][0], network.cells(second)[2][0]
    grid_a, grid_b = a.reshape(10, 12), b.reshape(10, 12)
    torch.testing.assert_close(grid_a[3:6, 4:7], grid_b[4:7, 5:8])
    assert float(grid_a[3:6, 4:7].std()) > 0
