"""Graphs in half precision answer as the full ones do, nearly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from models.catalogue import CATALOGUE
from models.catalogue.card import ModelCard
from models.runtime.options import CPU, INPUT
from models.runtime.precision import half
from models.runtime.session import Pixels
from models.runtime.store import WeightStore

CARDS = [pytest.param(card, id=card.name) for card in CATALOGUE.values()]
TOLERANCE = 0.01
"""Of an output's largest value: float16 has 11 bits, and errors of many layers add up."""


def load(source: str | bytes) -> ort.InferenceSession:
    return ort.InferenceSession(source, providers=[CPU])


def pictures(height: int, width: int) -> Pixels:
    """Noise, a ramp from black to white, and white."""
    made = np.full((3, height, width, 3), 255, np.uint8)
    made[0] = np.random.default_rng(1).integers(0, 256, made[0].shape)
    made[1] = np.linspace(0, 255, made[1].size).reshape(made[1].shape)
    return made


def assert_nearly_equal(path: Path, images: Pixels) -> None:
    full, converted = load(str(path)), load(half(path))
    names = [output.name for output in full.get_outputs()]
    assert [output.name for output in converted.get_outputs()] == names
    for expected, found in zip(
        full.run(names, {INPUT: images}), converted.run(names, {INPUT: images}), strict=True
    ):
        assert (found.dtype, found.shape) == (np.float32, expected.shape)
        np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE * max(1.0, np.abs(expected).max()))


def test_a_convolution_in_half_precision(network: Path) -> None:
    assert_nearly_equal(network, pictures(20, 30))


def test_inputs_and_outputs_keep_their_types(network: Path) -> None:
    converted = load(half(network))
    assert [one.type for one in converted.get_inputs()] == ["tensor(uint8)"]
    assert [one.type for one in converted.get_outputs()] == ["tensor(float)"] * 2


@pytest.mark.published
@pytest.mark.parametrize("card", CARDS)
def test_published_graphs_in_half_precision(card: ModelCard, published: WeightStore) -> None:
    path = published.resolve(card)
    sides = (128, 96) if card.input.stride > 1 else (card.input.height, card.input.width)
    assert len(half(path)) < 0.62 * path.stat().st_size
    assert_nearly_equal(path, pictures(*sides))
