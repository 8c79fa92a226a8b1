"""A small typed writer of ONNX graphs: values are named by the builder, shapes come from the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NewType

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from models.export.graph import Dimension, image_input, image_nodes, serialise

Value = NewType("Value", str)
"""Name of a value in the graph under construction."""
Floats = NDArray[np.float32]
Attribute = int | float | str | Sequence[int]
OPSET = 17


class GraphBuilder:
    """Collects nodes and weights in the order of the calls, so that the same calls give the same bytes.

    Args:
        name: Of the graph.
        height: Of the pictures in ``images``.
        width: As ``height``.
    """

    def __init__(self, name: str, height: int, width: int) -> None:
        self._name = name
        self._input = image_input(height, width)
        self._nodes: list[NodeProto] = image_nodes("pixels")
        self._weights: list[TensorProto] = []
        self.pixels = Value("pixels")
        """The pictures: float32 [N, 3, H, W], 0-255."""

    def weight(self, values: NDArray[np.generic]) -> Value:
        """Add a constant."""
        value = Value(f"weight_{len(self._weights)}")
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), value))
        return value

    def node(self, op: str, inputs: Sequence[Value], **attributes: Attribute) -> Value:
        """Add a node with one output."""
        value = Value(f"{op}_{len(self._nodes)}")
        node = helper.make_node(op, list(inputs), [value], name=value)
        node.attribute.extend(helper.make_attribute(key, attributes[key]) for key in sorted(attributes))
        self._nodes.append(node)
        return value

    def conv(
        self,
        x: Value,
        kernel: Floats,
        bias: Floats | None = None,
        *,
        stride: int = 1,
        pads: tuple[int, int] = (0, 0),
        groups: int = 1,
        dilation: int = 1,
    ) -> Value:
        """Convolve with ``kernel`` [out, in / groups, k, k]; ``pads``: zeros before and after each axis."""
        inputs = [x, self.weight(kernel)]
        if bias is not None:
            inputs.append(self.weight(bias))
        return self.node(
            "Conv",
            inputs,
            strides=[stride, stride],
            pads=[pads[0], pads[0], pads[1], pads[1]],
            group=groups,
            dilations=[dilation, dilation],
        )

    def batch_norm(
        self, x: Value, gamma: Floats, beta: Floats, mean: Floats, var: Floats, eps: float
    ) -> Value:
        """Normalise each channel by the statistics of the training (Ioffe and Szegedy, ICML 2015)."""
        weights = [self.weight(values) for values in (gamma, beta, mean, var)]
        return self.node("BatchNormalization", [x, *weights], epsilon=eps)

    def dense(self, x: Value, kernel: Floats, bias: Floats | None = None) -> Value:
        """Multiply rows by ``kernel`` [in, out] and add ``bias`` [out]."""
        inputs = [x, self.weight(kernel)]
        if bias is not None:
            inputs.append(self.weight(bias))
        return self.node("Gemm", inputs)

    def pool(self, kind: str, x: Value, size: int, stride: int, pads: tuple[int, int] = (0, 0)) -> Value:
        """Pool by ``kind`` (``MaxPool`` or ``AveragePool``)."""
        edges = [pads[0], pads[0], pads[1], pads[1]]
        return self.node(kind, [x], kernel_shape=[size, size], strides=[stride, stride], pads=edges)

    def standardise(self, x: Value, mean: Sequence[float], std: Sequence[float]) -> Value:
        """Subtract ``mean`` and divide by ``std``, one number a channel, before any zero padding."""
        shape = (1, len(mean), 1, 1)
        centred = self.node("Sub", [x, self.weight(np.array(mean, np.float32).reshape(shape))])
        return self.node("Div", [centred, self.weight(np.array(std, np.float32).reshape(shape))])

    def serialise(self, outputs: Mapping[str, tuple[Value, Sequence[Dimension]]]) -> bytes:
        """Name the outputs and return the graph's bytes.

        Args:
            outputs: Name -> value and its shape after the batch axis.

        Raises:
            ModelUnavailable: The graph is not valid: the weights do not fit it.
        """
        nodes = list(self._nodes)
        declared = []
        for name, (value, shape) in outputs.items():
            nodes.append(helper.make_node("Identity", [value], [name], name=f"output/{name}"))
            declared.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape]))
        graph = helper.make_graph(nodes, self._name, [self._input], declared, self._weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        return serialise(model, self._name)
