"""Every recipe on the published files: the card's digest, the common input, sane outputs."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from models.catalogue import CATALOGUE
from models.catalogue.card import ModelCard
from models.errors import ModelUnavailable
from models.export import RECIPES
from models.export.__main__ import build, main

pytestmark = pytest.mark.published
CARDS = [pytest.param(card, id=card.name) for card in CATALOGUE.values() if card.recipe in RECIPES]


def session(graph: bytes) -> ort.InferenceSession:
    return ort.InferenceSession(graph, providers=["CPUExecutionProvider"])


def pictures(card: ModelCard, count: int) -> NDArray[np.uint8]:
    side = (64, 96) if card.input.stride > 1 else (card.input.height, card.input.width)
    return np.random.default_rng(7).integers(0, 256, (count, *side, 3), dtype=np.uint8)


@pytest.mark.parametrize("card", CARDS)
def test_builds_the_graph_of_the_card_every_time(card: ModelCard, mirror: Path) -> None:
    first, second = build(card, mirror), build(card, mirror)
    assert first == second
    assert hashlib.sha256(first).hexdigest() == card.sha256


@pytest.mark.parametrize("card", CARDS)
def test_takes_bytes_of_any_batch_and_nothing_else(card: ModelCard, mirror: Path) -> None:
    (taken,) = session(build(card, mirror)).get_inputs()
    assert (taken.name, taken.type) == ("images", "tensor(uint8)")
    assert isinstance(taken.shape[0], str)
    assert taken.shape[3] == 3
    if card.input.stride == 1:
        assert taken.shape[1:3] == [card.input.height, card.input.width]
    else:
        assert all(isinstance(side, str) for side in taken.shape[1:3])


@pytest.mark.parametrize("card", CARDS)
def test_a_picture_gets_the_same_answer_alone_and_in_a_batch(card: ModelCard, mirror: Path) -> None:
    network, images = session(build(card, mirror)), pictures(card, 5)
    together = network.run(None, {"images": images})
    for index in range(5):
        alone = network.run(None, {"images": images[index : index + 1]})
        for batch, single in zip(together, alone, strict=True):
            np.testing.assert_allclose(batch[index], single[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("value", [0, 255])
def test_a_picture_of_one_value_gives_finite_numbers(card: ModelCard, value: int, mirror: Path) -> None:
    images = np.full_like(pictures(card, 1), value)
    for output in session(build(card, mirror)).run(None, {"images": images}):
        assert np.isfinite(output).all()


@pytest.mark.parametrize("name", ["minifasnet-v2", "minifasnet-v1se"])
def test_probabilities_add_up_to_one(name: str, mirror: Path) -> None:
    (rows,) = session(build(CATALOGUE[name], mirror)).run(None, {"images": pictures(CATALOGUE[name], 3)})
    assert rows.shape == (3, 3)
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("name", ["age-gender-xception", "ssrnet-wiki-gender"])
def test_genders_add_up_to_one(name: str, mirror: Path) -> None:
    (rows,) = session(build(CATALOGUE[name], mirror)).run(
        ["gender"], {"images": pictures(CATALOGUE[name], 3)}
    )
    assert ((rows >= 0) & (rows <= 1)).all()
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-6)


def test_an_embedding_is_a_unit_vector_and_the_mirror_image_has_the_same(mirror: Path) -> None:
    card = CATALOGUE["mobilefacenet"]
    network, images = session(build(card, mirror)), pictures(card, 3)
    (straight,) = network.run(["embedding"], {"images": images})
    (mirrored,) = network.run(["embedding"], {"images": np.ascontiguousarray(images[:, :, ::-1])})
    np.testing.assert_allclose(np.linalg.norm(straight, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(straight, mirrored, atol=1e-6)


def test_yunet_answers_as_the_published_graph(mirror: Path) -> None:
    card = CATALOGUE["yunet-n"]
    images = np.random.default_rng(3).integers(0, 256, (2, 160, 96, 3), dtype=np.uint8)
    published = _published(card, mirror)
    expected = published.run(None, {"input": images.transpose(0, 3, 1, 2).astype(np.float32)})
    for ours, theirs in zip(
        session(build(card, mirror)).run(None, {"images": images}), expected, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_ultralight_answers_as_the_published_graph(mirror: Path) -> None:
    card = CATALOGUE["ultralight-rfb-320"]
    images = pictures(card, 2)
    published = _published(card, mirror)
    ours = session(build(card, mirror)).run(["scores", "boxes"], {"images": images})
    for index in range(2):
        rgb = images[index : index + 1, :, :, ::-1].astype(np.float32)
        theirs = published.run(["scores", "boxes"], {"input": ((rgb - 127) / 128).transpose(0, 3, 1, 2)})
        for our, their in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(our[index], their[0], atol=1e-5)


def test_mobilefacenet_sums_what_the_published_graph_says_of_both_images(mirror: Path) -> None:
    card = CATALOGUE["mobilefacenet"]
    image = pictures(card, 1)
    published = _published(card, mirror)
    total = np.zeros(128, np.float32)
    for version in (image, image[:, :, ::-1]):
        rgb = version[..., ::-1].astype(np.float32) / 255
        scaled = (rgb - np.float32([0.485, 0.456, 0.406])) / np.float32([0.229, 0.224, 0.225])
        planes = np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))
        total += published.run(None, {"input0": planes})[0][0]
    (ours,) = session(build(card, mirror)).run(["embedding"], {"images": image})
    np.testing.assert_allclose(ours[0], total / np.linalg.norm(total), atol=1e-5)


def test_a_file_of_another_network_is_refused(mirror: Path) -> None:
    meso = mirror / "Meso4_DF.h5"
    for recipe in ("yunet", "mobilefacenet", "minifasnet", "mesoinception", "ssrnet-age"):
        with pytest.raises(ModelUnavailable):
            RECIPES[recipe]({meso.name: meso})
    with pytest.raises(ModelUnavailable):
        RECIPES["meso4"]({"ssrnet-wiki.h5": mirror / "ssrnet-wiki.h5"})


def test_the_command_compares_every_card(
    mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--mirror", str(mirror), "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    for card in (card for card in CATALOGUE.values() if card.recipe in RECIPES):
        assert card.sha256 in printed
        assert (tmp_path / card.file_name).is_file()


def _published(card: ModelCard, mirror: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = 3  # published graphs hold weights that nothing reads; each is a warning
    path = mirror / card.weights[0].name
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
