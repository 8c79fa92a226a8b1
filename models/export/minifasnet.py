"""MiniFASNet, with and without squeeze-and-excitation: graph built from the published state dict.

Source: github.com/minivision-ai/Silent-Face-Anti-Spoofing (layers and hyper-parameters); J. Hu, L. Shen,
G. Sun, "Squeeze-and-Excitation Networks", CVPR 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from models.export.builder import GraphBuilder, Value
from models.export.files import only
from models.export.readers.pth import read_pth
from models.export.readers.tensors import Tensors

SIDE, CLASSES = 80, 3
_EPS = 1e-5
_PREFIX = "module."
_STAGES = (("conv_23", "conv_3", 4), ("conv_34", "conv_4", 6), ("conv_45", "conv_5", 2))
"""A halving block and the residual blocks behind it."""


def build(files: Mapping[str, Path]) -> bytes:
    """Return the network with input ``images`` uint8 [N, 80, 80, 3] (BGR, 0-255 as they are).

    Output: ``probabilities`` [N, 3] (softmax; 1 is live, 0 and 2 are attacks). Blocks whose tensors hold a
    squeeze-and-excitation part get one, so that one recipe serves both published files.

    Raises:
        ModelUnavailable: The file cannot be read, or its tensors are another network's.
    """
    network = _Network(read_pth(only(files)))
    return network.serialise()


class _Network:
    def __init__(self, tensors: Tensors) -> None:
        self._tensors = tensors
        self._graph = GraphBuilder("minifasnet", SIDE, SIDE)

    def serialise(self) -> bytes:
        x = self._unit(self._graph.pixels, "conv1", stride=2, pad=1)
        x = self._unit(x, "conv2_dw", pad=1, depthwise=True)
        for halving, residual, count in _STAGES:
            x = self._block(x, halving, stride=2)
            for index in range(count):
                x = self._residual(x, f"{residual}.model.{index}")
        x = self._unit(x, "conv_6_sep")
        x = self._unit(x, "conv_6_dw", depthwise=True)
        return self._graph.serialise({"probabilities": (self._head(x), [CLASSES])})

    def _unit(self, x: Value, name: str, *, stride: int = 1, pad: int = 0, depthwise: bool = False) -> Value:
        """Convolution, batch normalisation and, where the file has one, PReLU."""
        kernel = self._tensors[f"{_PREFIX}{name}.conv.weight"]
        groups = len(kernel) if depthwise else 1
        x = self._graph.conv(x, kernel, stride=stride, pads=(pad, pad), groups=groups)
        x = self._norm(x, f"{name}.bn")
        slope = f"{_PREFIX}{name}.prelu.weight"
        if slope not in self._tensors:
            return x
        return self._graph.node("PRelu", [x, self._graph.weight(self._tensors[slope].reshape(-1, 1, 1))])

    def _norm(self, x: Value, name: str) -> Value:
        parts = ("weight", "bias", "running_mean", "running_var")
        gamma, beta, mean, var = (self._tensors[f"{_PREFIX}{name}.{part}"] for part in parts)
        return self._graph.batch_norm(x, gamma, beta, mean, var, _EPS)

    def _block(self, x: Value, name: str, stride: int) -> Value:
        x = self._unit(x, f"{name}.conv")
        x = self._unit(x, f"{name}.conv_dw", stride=stride, pad=1, depthwise=True)
        return self._unit(x, f"{name}.project")

    def _residual(self, x: Value, name: str) -> Value:
        y = self._block(x, name, stride=1)
        if f"{_PREFIX}{name}.se_module.fc1.weight" in self._tensors:
            y = self._graph.node("Mul", [y, self._gate(y, f"{name}.se_module")])
        return self._graph.node("Add", [x, y])

    def _gate(self, x: Value, name: str) -> Value:
        """Squeeze-and-excitation: one factor between 0 and 1 a channel."""
        x = self._graph.node("GlobalAveragePool", [x])
        x = self._norm(self._graph.conv(x, self._tensors[f"{_PREFIX}{name}.fc1.weight"]), f"{name}.bn1")
        x = self._graph.node("Relu", [x])
        x = self._norm(self._graph.conv(x, self._tensors[f"{_PREFIX}{name}.fc2.weight"]), f"{name}.bn2")
        return self._graph.node("Sigmoid", [x])

    def _head(self, x: Value) -> Value:
        x = self._graph.node("Flatten", [x])
        x = self._graph.dense(x, self._tensors[f"{_PREFIX}linear.weight"].T)
        x = self._norm(x, "bn")
        x = self._graph.dense(x, self._tensors[f"{_PREFIX}prob.weight"].T)
        return self._graph.node("Softmax", [x], axis=1)
