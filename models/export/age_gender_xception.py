"""Age and gender of face-api.js: a tiny Xception with two heads, built from the quantised shard.

Source: github.com/justadudewhohacks/face-api.js (layers); F. Chollet, "Xception: Deep Learning with Depthwise
Separable Convolutions", CVPR 2017.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from models.export.builder import Floats, GraphBuilder, Value
from models.export.files import with_suffix
from models.export.readers.shard import read_shard
from models.export.readers.tensors import Tensors

SIDE = 112
_MEAN_BGR = (104.298, 117.001, 122.782)
_SCALE = 256.0
_SAME_HALVED = (0, 1)
"""Zeros before and after that TensorFlow's "same" adds to an even side with a 3 x 3 window and stride 2."""


def build(files: Mapping[str, Path]) -> bytes:
    """Return the network with input ``images`` uint8 [N, 112, 112, 3] (BGR).

    Outputs: ``age`` [N, 1] in years and ``gender`` [N, 2], softmax of male and female.

    Raises:
        ModelUnavailable: The files do not belong together, or their tensors are another network's.
    """
    tensors = read_shard(with_suffix(files, "manifest.json"), with_suffix(files, "shard1"))
    return _Network(tensors).serialise()


class _Network:
    def __init__(self, tensors: Tensors) -> None:
        self._tensors = tensors
        self._graph = GraphBuilder("age-gender-xception", SIDE, SIDE)

    def serialise(self) -> bytes:
        x = self._graph.standardise(self._graph.pixels, _MEAN_BGR, (_SCALE,) * 3)
        x = self._relu(self._conv(x, "entry_flow/conv_in", self._first_kernel()))
        x = self._reduction(x, "entry_flow/reduction_block_0", activate=False)
        x = self._reduction(x, "entry_flow/reduction_block_1")
        for index in range(2):
            x = self._main(x, f"middle_flow/main_block_{index}")
        x = self._reduction(x, "exit_flow/reduction_block")
        x = self._relu(self._separable(x, "exit_flow/separable_conv"))
        features = self._graph.node("Flatten", [self._graph.node("GlobalAveragePool", [x])])
        gender = self._graph.node("Softmax", [self._head(features, "gender")], axis=1)
        return self._graph.serialise({"age": (self._head(features, "age"), [1]), "gender": (gender, [2])})

    def _first_kernel(self) -> Floats:
        return np.ascontiguousarray(self._kernel("entry_flow/conv_in/filters")[:, ::-1])

    def _kernel(self, name: str) -> Floats:
        """Kernel as [out, in, k, k]; TensorFlow keeps [k, k, in, out]."""
        return self._tensors[name].transpose(3, 2, 0, 1)

    def _relu(self, x: Value) -> Value:
        return self._graph.node("Relu", [x])

    def _conv(self, x: Value, name: str, kernel: Floats) -> Value:
        """Halving convolution, padded as TensorFlow does."""
        pads = _SAME_HALVED if kernel.shape[-1] > 1 else (0, 0)
        return self._graph.conv(x, kernel, self._tensors[f"{name}/bias"], stride=2, pads=pads)

    def _separable(self, x: Value, name: str) -> Value:
        depthwise = self._tensors[f"{name}/depthwise_filter"].transpose(2, 3, 0, 1)
        x = self._graph.conv(x, depthwise, pads=(1, 1), groups=len(depthwise))
        return self._graph.conv(x, self._kernel(f"{name}/pointwise_filter"), self._tensors[f"{name}/bias"])

    def _reduction(self, x: Value, name: str, activate: bool = True) -> Value:
        y = self._separable(self._relu(x) if activate else x, f"{name}/separable_conv0")
        y = self._separable(self._relu(y), f"{name}/separable_conv1")
        y = self._graph.pool("MaxPool", y, 3, 2, _SAME_HALVED)
        shortcut = f"{name}/expansion_conv"
        return self._graph.node("Add", [y, self._conv(x, shortcut, self._kernel(f"{shortcut}/filters"))])

    def _main(self, x: Value, name: str) -> Value:
        y = x
        for index in range(3):
            y = self._separable(self._relu(y), f"{name}/separable_conv{index}")
        return self._graph.node("Add", [y, x])

    def _head(self, features: Value, name: str) -> Value:
        return self._graph.dense(
            features, self._tensors[f"fc/{name}/weights"], self._tensors[f"fc/{name}/bias"]
        )
