"""The torch definitions and the torch-free graphs are the same functions of the published weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="the extra `train` is not installed: no torch")

from models.catalogue import CATALOGUE  # noqa: E402
from models.errors import ModelUnavailable  # noqa: E402
from models.export.__main__ import build  # noqa: E402
from models.export.readers.convolutions import read_convolutions  # noqa: E402
from models.export.readers.h5 import read_h5  # noqa: E402
from models.export.readers.pth import read_pth  # noqa: E402
from models.export.readers.shard import read_shard  # noqa: E402
from models.networks import minifasnet  # noqa: E402
from models.networks.mesonet import MesoNet  # noqa: E402
from models.networks.minifasnet import MiniFASNet  # noqa: E402
from models.networks.mobilefacenet import MobileFaceNet  # noqa: E402
from models.networks.ssrnet import SSRNet  # noqa: E402
from models.networks.tiny_xception import AgeGenderXception  # noqa: E402

Images = NDArray[np.uint8]
Outputs = dict[str, NDArray[np.float32]]
Reference = Callable[[Path, Images], Outputs]


def planes(images: Images, rgb: bool = True) -> torch.Tensor:
    """0-255 as the authors' code takes it: their channel order, float [N, 3, H, W]."""
    ordered = images[..., ::-1] if rgb else images
    return torch.from_numpy(ordered.copy()).permute(0, 3, 1, 2).float()


def channels(*values: float) -> torch.Tensor:
    return torch.tensor(values).view(1, 3, 1, 1)


def mobilefacenet(mirror: Path, images: Images) -> Outputs:
    network = MobileFaceNet().eval()
    network.load_published(read_convolutions(mirror / "foamliu-MobileFaceNet.onnx"))
    x = (planes(images) / 255 - channels(0.485, 0.456, 0.406)) / channels(0.229, 0.224, 0.225)
    total = network(x) + network(x.flip(3))
    return {"embedding": torch.nn.functional.normalize(total).numpy()}


def antispoofing(file: str, plan: minifasnet.Plan) -> Reference:
    def run(mirror: Path, images: Images) -> Outputs:
        network = MiniFASNet(plan).eval()
        network.load_published(read_pth(mirror / file))
        return {"probabilities": network(planes(images, rgb=False)).softmax(1).numpy()}

    return run


def deepfake(file: str, inception: bool) -> Reference:
    def run(mirror: Path, images: Images) -> Outputs:
        network = MesoNet(inception).eval()
        network.load_published(read_h5(mirror / file))
        return {"real": network(planes(images) / 255).sigmoid().numpy()}

    return run


def age_gender(mirror: Path, images: Images) -> Outputs:
    network = AgeGenderXception().eval()
    name = "faceapi-age_gender_model"
    network.load_published(read_shard(mirror / f"{name}-weights_manifest.json", mirror / f"{name}-shard1"))
    age, gender = network((planes(images) - channels(122.782, 117.001, 104.298)) / 256)
    return {"age": age.numpy(), "gender": gender.softmax(1).numpy()}


def ssrnet(file: str, span: float, prediction: str) -> Reference:
    def run(mirror: Path, images: Images) -> Outputs:
        network = SSRNet(span).eval()
        network.load_published(read_h5(mirror / file), prediction)
        out = network(planes(images, rgb=False)).numpy()
        if span > 1:
            return {"age": out}
        male = out.clip(0, 1)
        return {"gender": np.concatenate([male, 1 - male], axis=1)}

    return run


REFERENCES: dict[str, Reference] = {
    "mobilefacenet": mobilefacenet,
    "minifasnet-v2": antispoofing("2.7_80x80_MiniFASNetV2.pth", minifasnet.V2),
    "minifasnet-v1se": antispoofing("4_0_0_80x80_MiniFASNetV1SE.pth", minifasnet.V1SE),
    "meso4-df": deepfake("Meso4_DF.h5", inception=False),
    "meso4-f2f": deepfake("Meso4_F2F.h5", inception=False),
    "mesoinception-df": deepfake("MesoInception_DF.h5", inception=True),
    "age-gender-xception": age_gender,
    "ssrnet-wiki-age": ssrnet("ssrnet-wiki.h5", 101, "pred_age_stage"),
    "ssrnet-wiki-gender": ssrnet("ssrnet-wiki_gender_models.h5", 1, "pred_stage"),
}


def compare(name: str, mirror: Path, images: Images) -> None:
    session = ort.InferenceSession(build(CATALOGUE[name], mirror), providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        expected = REFERENCES[name](mirror, images)
    outputs = dict(
        zip([o.name for o in session.get_outputs()], session.run(None, {"images": images}), strict=True)
    )
    assert set(outputs) == set(expected)
    for output, values in outputs.items():
        np.testing.assert_allclose(values, expected[output], atol=1e-4, rtol=0)


@pytest.mark.published
@pytest.mark.parametrize("name", REFERENCES)
def test_random_pictures(name: str, mirror: Path) -> None:
    spec = CATALOGUE[name].input
    images = np.random.default_rng(11).integers(0, 256, (5, spec.height, spec.width, 3), dtype=np.uint8)
    compare(name, mirror, images)


@pytest.mark.published
@pytest.mark.photos
@pytest.mark.parametrize("name", REFERENCES)
def test_photographs(name: str, mirror: Path, photos: Path) -> None:
    spec = CATALOGUE[name].input
    paths = sorted((photos / "deepfake").glob("*/*.jpg"))
    assert paths
    images = np.stack([cv2.resize(cv2.imread(str(path)), (spec.width, spec.height)) for path in paths])
    compare(name, mirror, images.astype(np.uint8))


@pytest.mark.published
def test_weights_of_another_network_are_refused(mirror: Path) -> None:
    with pytest.raises(ModelUnavailable):
        MiniFASNet(minifasnet.V2).load_published(read_pth(mirror / "4_0_0_80x80_MiniFASNetV1SE.pth"))
    with pytest.raises(ModelUnavailable):
        MiniFASNet(minifasnet.V1SE).load_published(read_pth(mirror / "2.7_80x80_MiniFASNetV2.pth"))
    with pytest.raises(ModelUnavailable):
        MesoNet(inception=True).load_published(read_h5(mirror / "Meso4_DF.h5"))


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        pytest.param(MobileFaceNet, (2, 3, 112, 112), id="mobilefacenet"),
        pytest.param(lambda: MiniFASNet(minifasnet.V2), (2, 3, 80, 80), id="minifasnet-v2"),
        pytest.param(lambda: MiniFASNet(minifasnet.V1SE), (2, 3, 80, 80), id="minifasnet-v1se"),
        pytest.param(lambda: MesoNet(inception=True), (2, 3, 256, 256), id="mesoinception"),
        pytest.param(lambda: SSRNet(101), (2, 3, 64, 64), id="ssrnet"),
    ],
)
def test_every_parameter_learns(network: Callable[[], torch.nn.Module], shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    module = network()
    module(torch.randn(shape)).square().sum().backward()
    idle = [name for name, parameter in module.named_parameters() if parameter.grad is None]
    assert not idle
