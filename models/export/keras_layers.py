"""Keras layers as ONNX nodes: the file holds them channels-last, the graph is channels-first."""

from __future__ import annotations

import numpy as np

from models.export.builder import Floats, GraphBuilder, Value
from models.export.readers.tensors import Tensors

_EPS = 1e-3
"""Keras' default for batch normalisation."""


class KerasLayers:
    """Adds layers of one weight file to one graph, by their names in the file."""

    def __init__(self, graph: GraphBuilder, tensors: Tensors) -> None:
        self._graph = graph
        self._tensors = tensors

    def conv(
        self, x: Value, name: str, activation: str = "", *, same: bool = False, dilation: int = 1
    ) -> Value:
        """Convolve; ``same`` keeps the size (odd kernels, stride 1)."""
        return self.conv_with(x, name, self.kernel(name), activation, same=same, dilation=dilation)

    def conv_with(
        self,
        x: Value,
        name: str,
        kernel: Floats,
        activation: str = "",
        *,
        same: bool = False,
        dilation: int = 1,
    ) -> Value:
        """Convolve with a changed kernel [out, in, k, k] and the file's bias."""
        pad = dilation * (kernel.shape[-1] // 2) if same else 0
        bias = self._tensors[f"{name}/bias"]
        x = self._graph.conv(x, kernel, bias, pads=(pad, pad), dilation=dilation)
        return self._graph.node(activation, [x]) if activation else x

    def kernel(self, name: str) -> Floats:
        """Kernel as [out, in, k, k]; Keras keeps [k, k, in, out]."""
        return self._tensors[f"{name}/kernel"].transpose(3, 2, 0, 1)

    def batch_norm(self, x: Value, name: str) -> Value:
        """Normalise each channel."""
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        gamma, beta, mean, var = (self._tensors[f"{name}/{part}"] for part in parts)
        return self._graph.batch_norm(x, gamma, beta, mean, var, _EPS)

    def dense(
        self, x: Value, name: str, activation: str = "", grid: tuple[int, int, int] | None = None
    ) -> Value:
        """Multiply rows by the file's kernel.

        Args:
            x: [N, features].
            name: Of the layer.
            activation: ONNX operator behind it; none if empty.
            grid: Channels, height, width of what was flattened into ``x``; Keras flattened it as height,
                width, channels, so the kernel's rows are brought into the graph's order.
        """
        kernel = self._tensors[f"{name}/kernel"]
        if grid is not None:
            kernel = channels_first(kernel, *grid)
        x = self._graph.dense(x, kernel, self._tensors[f"{name}/bias"])
        return self._graph.node(activation, [x]) if activation else x


def channels_first(kernel: Floats, channels: int, height: int, width: int) -> Floats:
    """Reorder the rows of ``kernel`` [h * w * c, out] from (h, w, c) to (c, h, w)."""
    rows = kernel.reshape(height, width, channels, -1).transpose(2, 0, 1, 3)
    return np.ascontiguousarray(rows.reshape(kernel.shape))
