"""Meso4 and MesoInception4: graphs built from the published Keras weights.

Source: D. Afchar, V. Nozick, J. Yamagishi, I. Echizen, "MesoNet: a Compact Facial Video Forgery Detection
Network", WIFS 2018.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from models.errors import ModelUnavailable
from models.export.builder import Floats, GraphBuilder, Value
from models.export.files import only
from models.export.keras_layers import KerasLayers
from models.export.readers.h5 import read_h5
from models.export.readers.tensors import Tensors

SIDE = 256
_LEAK = 0.1
_GRID = (16, 8, 8)
"""Channels, height and width in front of the two dense layers."""
_BRANCHES = ((1, 1), (2, 1), (4, 2), (6, 3))
"""Of an inception layer: position of each branch's first convolution, dilation of its second, if any."""
Stem = Callable[["_Network"], Value]


def build_meso4(files: Mapping[str, Path]) -> bytes:
    """Return Meso4 with input ``images`` uint8 [N, 256, 256, 3] (BGR); output ``real`` [N, 1], 1 for genuine.

    Raises:
        ModelUnavailable: The file cannot be read, or its tensors are another network's.
    """
    return _Network("meso4", files, convs=4).serialise(_Network.plain_stem)


def build_mesoinception(files: Mapping[str, Path]) -> bytes:
    """Return MesoInception4; input and output as ``build_meso4``.

    Raises:
        ModelUnavailable: The file cannot be read, or its tensors are another network's.
    """
    return _Network("mesoinception4", files, convs=16).serialise(_Network.inception_stem)


class _Network:
    """Layers are found by kind and order: Keras numbers them through a whole session, not from 1."""

    def __init__(self, name: str, files: Mapping[str, Path], convs: int) -> None:
        path = only(files)
        tensors = read_h5(path)
        self._convs = _in_order(tensors, "conv2d", path.name, convs)
        self._norms = _in_order(tensors, "batch_normalization", path.name, 4)
        self._denses = _in_order(tensors, "dense", path.name, 2)
        self._graph = GraphBuilder(name, SIDE, SIDE)
        self._layers = KerasLayers(self._graph, tensors)

    def serialise(self, stem: Stem) -> bytes:
        x = stem(self)
        x = self._stage(self._layers.conv(x, self._convs[-2], "Relu", same=True), 2, 2)
        x = self._stage(self._layers.conv(x, self._convs[-1], "Relu", same=True), 3, 4)
        x = self._graph.node("Flatten", [x])
        x = self._layers.dense(x, self._denses[0], grid=_GRID)
        x = self._graph.node("LeakyRelu", [x], alpha=_LEAK)
        return self._graph.serialise({"real": (self._layers.dense(x, self._denses[1], "Sigmoid"), [1])})

    def plain_stem(self) -> Value:
        first = self._convs[0]
        x = self._layers.conv_with(self._graph.pixels, first, self._from_bytes(first), "Relu", same=True)
        x = self._stage(x, 0, 2)
        return self._stage(self._layers.conv(x, self._convs[1], "Relu", same=True), 1, 2)

    def inception_stem(self) -> Value:
        x = self._stage(self._inception(self._graph.pixels, 0, pixels=True), 0, 2)
        return self._stage(self._inception(x, 7), 1, 2)

    def _inception(self, x: Value, start: int, pixels: bool = False) -> Value:
        """Four branches side by side: 1x1 alone, then 1x1 and 3x3 with dilation 1, 2, 3."""
        outputs = []
        for position, dilation in _BRANCHES:
            name = self._convs[start + position - 1]
            kernel = self._from_bytes(name) if pixels else self._layers.kernel(name)
            y = self._layers.conv_with(x, name, kernel, "Relu", same=True)
            if position > 1:
                second = self._convs[start + position]
                y = self._layers.conv(y, second, "Relu", same=True, dilation=dilation)
            outputs.append(y)
        return self._graph.node("Concat", outputs, axis=1)

    def _stage(self, x: Value, norm: int, size: int) -> Value:
        return self._graph.pool("MaxPool", self._layers.batch_norm(x, self._norms[norm]), size, size)

    def _from_bytes(self, name: str) -> Floats:
        """Kernel for BGR 0-255 instead of RGB 0-1; exact at the borders too, since 0 stays 0."""
        return np.ascontiguousarray(self._layers.kernel(name)[:, ::-1]) / np.float32(255)


def _in_order(tensors: Tensors, kind: str, source: str, count: int) -> list[str]:
    """Return the layers of a kind in the order in which the network was put together."""
    found = {match[0] for name in tensors if (match := re.match(rf"{kind}_(\d+)(?=/)", name))}
    if len(found) != count:
        raise ModelUnavailable(f"{source} has {len(found)} layers {kind}, {count} are expected.")
    return sorted(found, key=lambda name: int(name.rpartition("_")[2]))
