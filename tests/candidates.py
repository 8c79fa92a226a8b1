"""Small candidates for the registry: real graphs that do next to nothing, and reports about them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from onnx import TensorProto, helper

from models.catalogue import CATALOGUE
from models.catalogue.card import ModelCard, Task
from models.runtime.bundle import Bundle, write_bundle
from training_eval.reports import Measure, ModelFacts, Report

DATA: Mapping[str, str] = {"faces": "a" * 64}
NAMES: Mapping[Task, str] = {Task.ANTISPOOFING: "minifasnet-v2", Task.AGE_GENDER: "age-gender-xception"}


def graph_of(value: float) -> bytes:
    """An ONNX graph that adds ``value`` to the pixels: images uint8 [N, 8, 8, 3] to scores float32 [N, 8, 8, 3]."""
    images = helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", 8, 8, 3])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 8, 8, 3])
    bias = helper.make_tensor("bias", TensorProto.FLOAT, [1], [value])
    nodes = [
        helper.make_node("Cast", ["images"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["pixels", "bias"], ["scores"]),
    ]
    made = helper.make_graph(nodes, "tiny", [images], [scores], [bias])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def card_of(graph: bytes, version: str = "1.0.0", task: Task = Task.ANTISPOOFING) -> ModelCard:
    known = CATALOGUE[NAMES[task]]
    return replace(known, name="tiny", version=version, sha256=hashlib.sha256(graph).hexdigest())


def bundle_of(folder: Path, *values: float, version: str = "1.0.0", task: Task = Task.ANTISPOOFING) -> Bundle:
    """A bundle with a model for each value."""
    graphs = [graph_of(value) for value in values]
    return write_bundle(folder, [(card_of(graph, version, task), graph) for graph in graphs])


def measure_of(metric: str = "AUC", value: float = 0.9, group: str | None = None, **more: object) -> Measure:
    settings = {"dataset": "faces", "better": "higher", "count": 100, "group": group} | more
    return Measure(metric=metric, value=value, **settings)  # type: ignore[arg-type]


def report_of(
    cards: Sequence[ModelCard],
    *measures: Measure,
    data: Mapping[str, str] = DATA,
    milliseconds: float = 2.0,
    size_bytes: int = 1000,
) -> Report:
    """A report about the models of these cards; of one AUC unless measures are given."""
    models = [
        ModelFacts(name=card.name, version=card.version, sha256=card.sha256, size_bytes=size_bytes)
        for card in cards
    ]
    return Report(
        task=cards[0].task,
        models=tuple(models),
        data=data,
        measures=measures or (measure_of(),),
        milliseconds=milliseconds,
        reference_milliseconds=4.0,
    )
