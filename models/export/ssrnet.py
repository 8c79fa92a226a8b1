"""SSR-Net for age and for gender: graphs built from the published Keras weights.

Source: T.-Y. Yang, Y.-H. Huang, Y.-Y. Lin, P.-C. Hsiu, Y.-Y. Chuang, "SSR-Net: A Compact Soft Stagewise
Regression Network for Age Estimation", IJCAI 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from models.export.builder import GraphBuilder, Value
from models.export.files import only
from models.export.keras_layers import KerasLayers
from models.export.readers.h5 import read_h5

SIDE = 64
AGE_RANGE = 101.0
_CLASSES = 3
"""Of each of the three stages."""
_CHANNELS = 10


def build_age(files: Mapping[str, Path]) -> bytes:
    """Return SSR-Net with input ``images`` uint8 [N, 64, 64, 3] (BGR, 0-255); output ``age`` [N, 1] in years.

    Raises:
        ModelUnavailable: The file cannot be read, or its tensors are another network's.
    """
    network = _Network("ssrnet-age", only(files), "pred_age_stage")
    return network.serialise("age", network.scaled(network.regress(), AGE_RANGE), 1)


def build_gender(files: Mapping[str, Path]) -> bytes:
    """Return SSR-Net for gender; output ``gender`` [N, 2]: male and female, which add up to 1.

    The regression of the authors can leave 0 to 1 by a little; it is clipped.

    Raises:
        ModelUnavailable: The file cannot be read, or its tensors are another network's.
    """
    network = _Network("ssrnet-gender", only(files), "pred_stage")
    return network.serialise("gender", network.both(network.regress()), 2)


class _Network:
    def __init__(self, name: str, path: Path, prediction: str) -> None:
        self._graph = GraphBuilder(name, SIDE, SIDE)
        self._layers = KerasLayers(self._graph, read_h5(path))
        self._prediction = prediction

    def serialise(self, output: str, value: Value, width: int) -> bytes:
        return self._graph.serialise({output: (value, [width])})

    def scaled(self, x: Value, factor: float) -> Value:
        return self._graph.node("Mul", [x, self._number(factor)])

    def both(self, male: Value) -> Value:
        male = self._graph.node("Clip", [male, self._scalar(0.0), self._scalar(1.0)])
        female = self._graph.node("Sub", [self._number(1.0), male])
        return self._graph.node("Concat", [male, female], axis=1)

    def regress(self) -> Value:
        """Soft stagewise regression: each stage refines the bin of the one before; about 0 to 1."""
        relu = self._stream("Relu", "AveragePool", first=1)
        tanh = self._stream("Tanh", "MaxPool", first=5)
        terms, width = [], self._number(1.0)
        for stage, (pool, side) in enumerate(((1, 4), (4, 3), (8, 3)), start=1):
            expectation, delta = self._stage(stage, tanh[-stage], relu[-stage], pool, side)
            width = self._graph.node("Mul", [width, self._bin_count(delta)])
            terms.append(self._graph.node("Div", [expectation, width]))
        return self._graph.node("Sum", terms)

    def _stream(self, activation: str, pool: str, first: int) -> list[Value]:
        """Return what the stages read of a stream: its first, second and last level."""
        x, levels = self._graph.pixels, []
        for index in range(first, first + 4):
            x = self._layers.batch_norm(
                self._layers.conv(x, f"conv2d_{index}"), f"batch_normalization_{index}"
            )
            x = self._graph.node(activation, [x])
            if index < first + 3:
                x = self._graph.pool(pool, x, 2, 2)
            levels.append(x)
        return [levels[0], levels[1], levels[3]]

    def _stage(self, stage: int, tanh: Value, relu: Value, pool: int, side: int) -> tuple[Value, Value]:
        """Return the stage's expected class [N, 1] and its change of bin width [N, 1]."""
        grid = (_CHANNELS, side, side)
        s = self._reduced(tanh, f"conv2d_{7 + 2 * stage}", "MaxPool", pool)
        x = self._reduced(relu, f"conv2d_{8 + 2 * stage}", "AveragePool", pool)
        delta = self._layers.dense(self._graph.node("Mul", [s, x]), f"delta_s{stage}", "Tanh", grid)
        s = self._layers.dense(s, f"dense_{3 * stage - 2}", "Relu", grid)
        x = self._layers.dense(x, f"dense_{3 * stage - 1}", "Relu", grid)
        mixed = self._layers.dense(self._graph.node("Mul", [s, x]), f"dense_{3 * stage}", "Relu")
        weights = self._layers.dense(mixed, f"{self._prediction}{stage}", "Relu")
        shift = self._layers.dense(mixed, f"local_delta_stage{stage}", "Tanh")
        classes = self._graph.weight(np.arange(_CLASSES, dtype=np.float32))
        terms = self._graph.node("Mul", [self._graph.node("Add", [shift, classes]), weights])
        axis = self._graph.weight(np.array([1], np.int64))
        return self._graph.node("ReduceSum", [terms, axis], keepdims=1), delta

    def _reduced(self, x: Value, name: str, pool: str, size: int) -> Value:
        x = self._layers.conv(x, name, "Relu")
        if size > 1:
            x = self._graph.pool(pool, x, size, size)
        return self._graph.node("Flatten", [x])

    def _bin_count(self, delta: Value) -> Value:
        """Number of classes times (1 + delta)."""
        widened = self._graph.node("Add", [delta, self._number(1.0)])
        return self._graph.node("Mul", [widened, self._number(float(_CLASSES))])

    def _number(self, value: float) -> Value:
        return self._graph.weight(np.array([value], np.float32))

    def _scalar(self, value: float) -> Value:
        return self._graph.weight(np.array(value, np.float32))
