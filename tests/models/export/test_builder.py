"""The graph writer against plain NumPy."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest

from models.errors import ModelUnavailable
from models.export.builder import GraphBuilder, Value
from models.export.keras_layers import channels_first

IMAGES = np.random.default_rng(1).integers(0, 256, (2, 4, 6, 3), dtype=np.uint8)


def planes() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return IMAGES.transpose(0, 3, 1, 2).astype(np.float32)


def outputs(
    graph: GraphBuilder, value: Value, *shape: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    session = ort.InferenceSession(graph.serialise({"y": (value, shape)}), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["y"], {"images": IMAGES})[0])


def test_pixels_are_planes_of_the_bytes() -> None:
    graph = GraphBuilder("g", 4, 6)
    np.testing.assert_array_equal(outputs(graph, graph.pixels, 3, 4, 6), planes())


def test_standardise_works_on_channels() -> None:
    graph = GraphBuilder("g", 4, 6)
    value = graph.standardise(graph.pixels, (1.0, 2.0, 3.0), (2.0, 4.0, 8.0))
    mean, std = (np.array(v, np.float32).reshape(1, 3, 1, 1) for v in ((1, 2, 3), (2, 4, 8)))
    np.testing.assert_allclose(outputs(graph, value, 3, 4, 6), (planes() - mean) / std, rtol=1e-6)


def test_batch_norm_uses_the_statistics_and_epsilon() -> None:
    graph = GraphBuilder("g", 4, 6)
    gamma, beta, mean, var = (np.array(v, np.float32) for v in ((1, 2, 3), (0, 1, 2), (5, 6, 7), (0, 1, 2)))
    value = graph.batch_norm(graph.pixels, gamma, beta, mean, var, 0.5)
    shape = (1, 3, 1, 1)
    scale = gamma.reshape(shape) / np.sqrt(var.reshape(shape) + 0.5)
    expected = (planes() - mean.reshape(shape)) * scale + beta.reshape(shape)
    np.testing.assert_allclose(outputs(graph, value, 3, 4, 6), expected, rtol=1e-5)


def test_conv_pads_after_as_asked() -> None:
    graph = GraphBuilder("g", 4, 6)
    kernel = np.zeros((1, 3, 3, 3), np.float32)
    kernel[0, 0, 2, 2] = 1  # looks at the pixel two below and two to the right
    value = graph.conv(graph.pixels, kernel, stride=2, pads=(0, 1))
    padded = np.pad(planes()[:, 0], ((0, 0), (0, 1), (0, 1)))
    np.testing.assert_array_equal(outputs(graph, value, 1, 2, 3)[:, 0], padded[:, 2::2, 2::2])


def test_pooling_pads_with_nothing_that_could_win() -> None:
    graph = GraphBuilder("g", 4, 6)
    negative = graph.node("Neg", [graph.pixels])
    value = graph.pool("MaxPool", negative, 3, 2, (0, 1))
    padded = np.pad(-planes(), ((0, 0), (0, 0), (0, 1), (0, 1)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))[:, :, ::2, ::2]
    np.testing.assert_array_equal(outputs(graph, value, 3, 2, 3), windows.max(axis=(-2, -1)))


def test_a_dense_layer_behind_flattened_channels_last_keeps_its_meaning() -> None:
    kernel = np.random.default_rng(2).normal(size=(72, 5)).astype(np.float32)
    graph = GraphBuilder("g", 4, 6)
    flat = graph.node("Flatten", [graph.pixels])
    value = graph.dense(flat, channels_first(kernel, 3, 4, 6))
    expected = IMAGES.reshape(2, -1).astype(np.float32) @ kernel
    np.testing.assert_allclose(outputs(graph, value, 5), expected, rtol=1e-3, atol=1e-2)


def test_the_same_calls_give_the_same_bytes() -> None:
    def made() -> bytes:
        graph = GraphBuilder("g", 4, 6)
        kernel = np.ones((2, 3, 1, 1), np.float32)
        value = graph.conv(graph.pixels, kernel, np.zeros(2, np.float32))
        return graph.serialise({"y": (value, (2, 4, 6))})

    assert made() == made()


def test_weights_that_do_not_fit_are_refused() -> None:
    graph = GraphBuilder("g", 4, 6)
    value = graph.dense(graph.node("Flatten", [graph.pixels]), np.ones((5, 2), np.float32))
    with pytest.raises(ModelUnavailable, match="not valid"):
        graph.serialise({"y": (value, (2,))})
