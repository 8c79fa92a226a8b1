"""Quantised shards: values are restored, and manifest and bytes must agree to the last one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import ModelUnavailable
from models.export.readers.shard import read_shard

BIAS = np.array([0.25, -1.5], np.float32)
ENTRIES: list[dict[str, Any]] = [
    {
        "name": "kernel",
        "shape": [2, 2],
        "dtype": "float32",
        "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0},
    },
    {"name": "bias", "shape": [2], "dtype": "float32"},
]
DATA = bytes([0, 1, 2, 255]) + BIAS.tobytes()


def pair(folder: Path, entries: object, data: bytes) -> tuple[Path, Path]:
    manifest, shard = folder / "manifest.json", folder / "shard1"
    manifest.write_text(json.dumps(entries))
    shard.write_bytes(data)
    return manifest, shard


def groups(*entries: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"paths": ["shard1"], "weights": list(entries)}]


def test_restores_by_scale_and_minimum(tmp_path: Path) -> None:
    tensors = read_shard(*pair(tmp_path, groups(*ENTRIES), DATA))
    np.testing.assert_array_equal(tensors["kernel"], np.float32([[-1.0, -0.5], [0.0, 126.5]]))
    np.testing.assert_array_equal(tensors["bias"], BIAS)
    assert tensors["kernel"].dtype == np.float32


@given(length=st.integers(0, 40).filter(lambda n: n != len(DATA)))
@settings(deadline=None)
def test_another_number_of_bytes_is_refused(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    data = (DATA + bytes(40))[:length]
    with pytest.raises(ModelUnavailable):
        read_shard(*pair(tmp_path_factory.mktemp("shard"), groups(*ENTRIES), data))


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "int32"},
        {"shape": [-2, -2]},
        {"shape": [True, 4]},
        {"shape": [2.0, 2.0]},
        {"shape": "22"},
        {"shape": None},
        {"shape": [10**12, 10**12]},
        {"quantization": {"dtype": "uint16", "scale": 1, "min": 0}},
        {"quantization": {"dtype": "uint8", "scale": "x", "min": 0}},
        {"quantization": {"dtype": "uint8"}},
        {"quantization": 7},
    ],
)
def test_a_manifest_that_lies_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="do not belong together"):
        read_shard(*pair(tmp_path, groups({**ENTRIES[0], **change}, ENTRIES[1]), DATA))


@pytest.mark.parametrize("manifest", [{}, [], [1], [{"weights": [{}]}], [{"weights": 3}], "text", None])
def test_a_manifest_of_another_kind_is_refused(manifest: object, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        read_shard(*pair(tmp_path, manifest, DATA))


def test_what_is_no_json_and_what_is_missing_are_refused(tmp_path: Path) -> None:
    manifest, shard = pair(tmp_path, groups(*ENTRIES), DATA)
    with pytest.raises(ModelUnavailable):
        read_shard(tmp_path / "missing", shard)
    with pytest.raises(ModelUnavailable):
        read_shard(manifest, tmp_path / "missing")
    manifest.write_bytes(b"\xff\xfe not json")
    with pytest.raises(ModelUnavailable):
        read_shard(manifest, shard)
