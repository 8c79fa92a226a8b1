"""Sessions of graphs that lie in no store yet."""

from __future__ import annotations

import tempfile
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from models.catalogue.card import ModelCard
from models.runtime.session import CPU, OrtSession, SessionOptions

ONE_CORE = SessionOptions(providers=(CPU,), threads=1)
"""A teacher beside its student's training, and figures that do not depend on the machine's cores."""


def opened(card: ModelCard, graph: bytes) -> OrtSession:
    """The graph, running on one core.

    Raises:
        ModelUnavailable: ONNX Runtime cannot load it.
    """
    with tempfile.TemporaryDirectory(prefix="graph-") as folder:
        path = Path(folder) / "graph.onnx"
        path.write_bytes(graph)
        return OrtSession(card, path, ONE_CORE)


def opened_inside(card: ModelCard, path: Path, value: str) -> OrtSession:
    """A published graph that gives one of its inner values as well: what a student learns beside the answers.

    Args:
        card: Its digest is pinned, so the names inside never change.
        path: The graph.
        value: Name of the inner value.

    Raises:
        ModelUnavailable: The graph has no such value.
    """
    model = onnx.load_model(path)
    model.graph.output.append(helper.make_tensor_value_info(value, TensorProto.FLOAT, None))
    return opened(card, model.SerializeToString())
