"""Bundles as MLflow sees them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("training_eval.registry.tracking", reason="needs the extra `train`")

import mlflow.onnx
import onnx
from candidates import bundle_of, card_of
from mlflow.models import Model

from models.errors import ModelUnavailable
from models.runtime.bundle import Bundle, read_bundle, write_bundle
from training_eval.registry.flavor import describe, write_model


def _written(bundle: Bundle, folder: Path) -> Model:
    write_model(bundle, folder, run_id="0" * 32, model_id="m-1", location="file:///somewhere")
    return Model.load(str(folder))


def test_the_folder_is_still_a_bundle(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path / "bundle", 1.0, 2.0)
    _written(bundle, tmp_path / "model")
    assert read_bundle(tmp_path / "model").cards == bundle.cards
    assert {path.name for path in (tmp_path / "model").iterdir()} == {
        "MLmodel",
        "cards.json",
        *(card.file_name for card in bundle.cards),
    }


def test_one_member_is_an_onnx_model_for_mlflow(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path / "bundle", 1.0)
    found = _written(bundle, tmp_path / "model")
    assert set(found.flavors) == {"facesocial", "onnx"}
    (card,) = bundle.cards
    (member,) = found.flavors["facesocial"]["members"]
    assert (member["name"], member["sha256"], member["file"]) == (card.name, card.sha256, card.file_name)
    loaded = mlflow.onnx.load_model(str(tmp_path / "model"))
    assert loaded == onnx.load(str(bundle.path(card)))
    assert found.metadata == {"task": "antispoofing", "models": ["tiny 1.0.0"]}
    assert found.model_size_bytes == bundle.path(card).stat().st_size


def test_the_signature_is_the_graphs(tmp_path: Path) -> None:
    found = _written(bundle_of(tmp_path / "bundle", 1.0), tmp_path / "model").signature
    (images,), (scores,) = found.inputs.inputs, found.outputs.inputs
    assert (images.name, images.type, images.shape) == ("images", np.dtype("uint8"), (-1, 8, 8, 3))
    assert (scores.name, scores.type, scores.shape) == ("scores", np.dtype("float32"), (-1, 8, 8, 3))


def test_members_that_differ_have_no_common_signature(tmp_path: Path) -> None:
    alike = describe(bundle_of(tmp_path / "alike", 1.0, 2.0))
    assert set(alike.flavors) == {"facesocial"}
    assert alike.signature is not None
    first = bundle_of(tmp_path / "first", 1.0)
    graph = onnx.load(str(first.path(first.cards[0])))
    graph.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 16
    other = graph.SerializeToString()
    both = [(card_of(data), data) for data in (first.path(first.cards[0]).read_bytes(), other)]
    differing = describe(write_bundle(tmp_path / "differing", both))
    assert differing.signature is None
    members = differing.flavors["facesocial"]["members"]
    assert members[0]["signature"] != members[1]["signature"]


@pytest.mark.parametrize("graph", [b"no graph", b"", b"\x00" * 100])
def test_a_graph_that_is_no_onnx_is_refused(tmp_path: Path, graph: bytes) -> None:
    card = replace(card_of(graph), sha256=hashlib.sha256(graph).hexdigest())
    with pytest.raises(ModelUnavailable, match="export the model again"):
        _written(write_bundle(tmp_path / "bundle", [(card, graph)]), tmp_path / "model")
