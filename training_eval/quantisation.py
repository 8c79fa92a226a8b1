"""Eight-bit graphs, and whether they are still good enough.

Source: B. Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", CVPR 2018, as ONNX Runtime's static quantisation does it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from models.export.graph import INPUT, serialise
from training_eval.errors import TrainingFailed

Pixels = NDArray[np.uint8]
TOLERANCE = 0.005


@dataclass(frozen=True, slots=True)
class Quantised:
    """An eight-bit graph and what the change cost.

    Attributes:
        graph: Its bytes.
        before: The figure of the graph it was made from.
        after: Its own.
    """

    graph: bytes
    before: float
    after: float

    @property
    def lost(self) -> float:
        """Share of the figure that is gone; negative where it became better."""
        return (self.before - self.after) / self.before


def quantise(
    graph: bytes,
    pictures: Iterable[Pixels],
    figure: Callable[[bytes], float],
    *,
    tolerance: float = TOLERANCE,
    keep: Sequence[str] = (),
) -> Quantised:
    """Make weights and activations eight-bit, unless the graph's figure suffers.

    Args:
        graph: Input ``images``, float32 inside.
        pictures: uint8 [N, H, W, 3] each, which show the ranges of the activations.
        figure: Of a graph's bytes, above 0; higher is better.
        tolerance: Largest share of the figure that may be lost.
        keep: Names of nodes that stay float32.

    Raises:
        TrainingFailed: More is lost; ``details`` has both figures.
    """
    made = to_eight_bits(graph, pictures, keep)
    found = Quantised(made, figure(graph), figure(made))
    if not found.lost <= tolerance:
        raise TrainingFailed(
            f"The eight-bit graph's figure is {found.after:.4f} where the original's is {found.before:.4f}: "
            f"more than {tolerance:.1%} is lost. Keep the original.",
            {"before": found.before, "after": found.after},
        )
    return found


def to_eight_bits(graph: bytes, pictures: Iterable[Pixels], keep: Sequence[str] = ()) -> bytes:
    """The graph with eight-bit convolutions and matrix products, whatever that does to its answers."""
    with tempfile.TemporaryDirectory(prefix="quantise-") as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "bytes.onnx"
        source.write_bytes(graph)
        quantize_static(
            source,
            target,
            _Reader(pictures),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Gemm", "MatMul", "Add"],
            nodes_to_exclude=list(keep),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        model = onnx.load_model_from_string(target.read_bytes())
    return serialise(model, model.graph.name)


class _Reader(CalibrationDataReader):
    def __init__(self, pictures: Iterable[Pixels]) -> None:
        self._pictures: Iterator[Pixels] = iter(pictures)

    def get_next(self) -> dict[str, Pixels] | None:
        found = next(self._pictures, None)
        return None if found is None else {INPUT: found}
