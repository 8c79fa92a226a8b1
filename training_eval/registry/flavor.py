"""A bundle as MLflow sees a model: the same files and an ``MLmodel`` that describes them.

The flavor ``facesocial`` lists the members with their digests. A bundle of one member is also of the flavor ``onnx``,
so ``mlflow.onnx.load_model`` reads it. Nothing is said of Python packages: a graph needs ONNX Runtime and no more.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from mlflow.models import Model, ModelSignature
from mlflow.types import Schema, TensorSpec

from models.catalogue.card import ModelCard
from models.errors import ModelUnavailable
from models.runtime.bundle import CARDS, Bundle

FLAVOR = "facesocial"
MLMODEL = "MLmodel"
ANY = -1
"""Size of an axis that may differ from call to call."""


def write_model(bundle: Bundle, folder: Path, *, run_id: str, model_id: str, location: str) -> Model:
    """Write a bundle and its description into a folder, which is made.

    Args:
        bundle: What is described.
        folder: Of the files.
        run_id: Of the run that made it.
        model_id: MLflow's id.
        location: Where MLflow will keep it.

    Raises:
        ModelUnavailable: A graph is no ONNX.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (CARDS, *(card.file_name for card in bundle.cards)):
        shutil.copyfile(bundle.folder / name, folder / name)
    model = describe(bundle)
    model.run_id, model.model_id, model.model_uuid, model.artifact_path = run_id, model_id, model_id, location
    model.save(str(folder / MLMODEL))
    return model


def describe(bundle: Bundle) -> Model:
    """What ``MLmodel`` says of a bundle.

    Raises:
        ModelUnavailable: A graph is no ONNX.
    """
    signatures = [signature_of(bundle.path(card)) for card in bundle.cards]
    members = [_member(card, found) for card, found in zip(bundle.cards, signatures, strict=True)]
    alike = all(found == signatures[0] for found in signatures)
    model = Model(
        signature=signatures[0] if alike else None,
        metadata={
            "task": bundle.task.value,
            "models": [f"{card.name} {card.version}" for card in bundle.cards],
        },
        model_size_bytes=sum(bundle.path(card).stat().st_size for card in bundle.cards),
    )
    model.add_flavor(FLAVOR, task=bundle.task.value, cards=CARDS, members=members)
    if len(bundle.cards) == 1:
        (card,) = bundle.cards
        model.add_flavor(
            "onnx",
            onnx_version=onnx.__version__,
            data=card.file_name,
            providers=["CPUExecutionProvider"],
            code=None,
        )
    return model


def signature_of(graph: Path) -> ModelSignature:
    """Names, types and shapes of a graph's inputs and outputs; an axis of any size is -1.

    Raises:
        ModelUnavailable: It is no ONNX.
    """
    try:
        read = onnx.load(str(graph), load_external_data=False).graph
    except (DecodeError, ValueError) as error:
        raise ModelUnavailable(f"{graph.name} is no ONNX graph: export the model again.") from error
    weights = {weight.name for weight in read.initializer}
    inputs = [value for value in read.input if value.name not in weights]
    if not inputs or not read.output:
        raise ModelUnavailable(f"{graph.name} has no input or no output: export the model again.")
    return ModelSignature(inputs=_schema(inputs), outputs=_schema(read.output))


def _schema(values: Iterable[onnx.ValueInfoProto]) -> Schema:
    return Schema([_tensor(value) for value in values])


def _tensor(value: onnx.ValueInfoProto) -> TensorSpec:
    kind = value.type.tensor_type
    sizes = tuple(axis.dim_value if axis.HasField("dim_value") else ANY for axis in kind.shape.dim)
    return TensorSpec(np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)), sizes, name=value.name)


def _member(card: ModelCard, signature: ModelSignature) -> dict[str, Any]:
    return {
        "name": card.name,
        "version": card.version,
        "file": card.file_name,
        "sha256": card.sha256,
        "signature": signature.to_dict(),
    }
