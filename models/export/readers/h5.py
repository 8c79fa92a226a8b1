"""Keras weight files (HDF5)."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from models.errors import ModelUnavailable
from models.export.readers.tensors import Floats, Tensors


def read_h5(path: Path) -> Tensors:
    """Read every tensor of a Keras weight file as ``layer/weight`` (``conv2d_1/kernel``).

    Only plain datasets that hold all their bytes in this very file are read: no links, no other files.

    Raises:
        ModelUnavailable: The file is missing, truncated, no HDF5, or points outside itself.
    """
    values: dict[str, Floats] = {}

    def visit(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            values[_short(name)] = _plain(path.name, name, item)

    try:
        with h5py.File(path, "r") as file:
            file.visititems(visit)
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelUnavailable(f"{path.name} cannot be read as HDF5: fetch it again.") from error
    return Tensors(path.name, values)


def _short(name: str) -> str:
    parts = name.split("/")
    return f"{parts[0]}/{parts[-1].partition(':')[0]}"


def _plain(source: str, name: str, dataset: h5py.Dataset) -> Floats:
    outside = dataset.external is not None or dataset.is_virtual
    if outside or dataset.id.get_storage_size() != dataset.nbytes:
        raise ModelUnavailable(f"{source}: {name} does not hold its own bytes: do not use this file.")
    if dataset.dtype != np.dtype("<f4"):
        raise ModelUnavailable(f"{source}: {name} is {dataset.dtype}, float32 is expected.")
    return np.asarray(dataset[()], np.float32)
