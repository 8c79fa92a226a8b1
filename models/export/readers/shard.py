"""TensorFlow.js weights: a JSON manifest and the shard of bytes that it describes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import ModelUnavailable
from models.export.readers.tensors import Floats, Tensors


def read_shard(manifest: Path, shard: Path) -> Tensors:
    """Read all tensors; those stored as uint8 are restored by value = q * scale + min.

    Raises:
        ModelUnavailable: A file is missing, the manifest is no manifest, or the shard has another length.
    """
    try:
        data = shard.read_bytes()
        entries = [entry for group in json.loads(manifest.read_bytes()) for entry in group["weights"]]
        return Tensors(shard.name, _tensors(entries, data))
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise ModelUnavailable(
            f"{shard.name} and {manifest.name} do not belong together ({error}): fetch both again."
        ) from error


def _tensors(entries: list[dict[str, Any]], data: bytes) -> dict[str, Floats]:
    values: dict[str, Floats] = {}
    offset = 0
    for entry in entries:
        end = offset + _size(entry)
        values[str(entry["name"])] = _restore(entry, data[offset:end])
        offset = end
    if offset != len(data):
        raise ValueError(f"{offset} bytes are described, {len(data)} are there")
    return values


def _size(entry: dict[str, Any]) -> int:
    shape = entry["shape"]
    if entry["dtype"] != "float32" or any(type(side) is not int or side < 0 for side in shape):
        raise ValueError(f"{entry['name']} is no float32 tensor")
    return int(math.prod(shape)) * (1 if "quantization" in entry else 4)


def _restore(entry: dict[str, Any], data: bytes) -> Floats:
    shape = tuple(entry["shape"])
    quantization = entry.get("quantization")
    if quantization is None:
        return np.frombuffer(data, "<f4").astype(np.float32).reshape(shape)
    if quantization["dtype"] != "uint8":
        raise ValueError(f"{entry['name']} is stored as {quantization['dtype']}")
    steps = np.frombuffer(data, np.uint8).astype(np.float64)
    return (
        (steps * float(quantization["scale"]) + float(quantization["min"])).astype(np.float32).reshape(shape)
    )
