"""Keras weight files: plain tensors are read, everything that points elsewhere is refused."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import ModelUnavailable
from models.export.readers.h5 import read_h5

VALUES = np.arange(12, dtype=np.float32).reshape(3, 4)


def written(folder: Path) -> Path:
    path = folder / "weights.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("dense_1/dense_1/kernel:0", data=VALUES)
        file.create_dataset("dense_1/dense_1/bias:0", data=VALUES[0])
    return path


def test_names_are_layer_and_weight(tmp_path: Path) -> None:
    tensors = read_h5(written(tmp_path))
    assert set(tensors) == {"dense_1/kernel", "dense_1/bias"}
    np.testing.assert_array_equal(tensors.take("dense_1/kernel", 3, 4), VALUES)


def test_a_missing_tensor_and_another_shape_are_said(tmp_path: Path) -> None:
    tensors = read_h5(written(tmp_path))
    with pytest.raises(ModelUnavailable, match="no tensor dense_2/kernel"):
        tensors["dense_2/kernel"]
    with pytest.raises(ModelUnavailable, match=r"\(4, 3\) is expected"):
        tensors.take("dense_1/kernel", 4, 3)


def test_bytes_in_another_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(48))
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("a/b", (12,), "<f4", external=[(str(tmp_path / "secret"), 0, 48)])
    with pytest.raises(ModelUnavailable, match="own bytes"):
        read_h5(path)


def test_a_virtual_dataset_is_refused(tmp_path: Path) -> None:
    source = written(tmp_path)
    path = tmp_path / "virtual.h5"
    layout = h5py.VirtualLayout((3, 4), "<f4")
    layout[:] = h5py.VirtualSource(source, "dense_1/dense_1/kernel:0", (3, 4))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("a/b", layout)
    with pytest.raises(ModelUnavailable, match="own bytes"):
        read_h5(path)


def test_a_link_to_another_file_is_not_followed(tmp_path: Path) -> None:
    source = written(tmp_path)
    path = tmp_path / "linked.h5"
    with h5py.File(path, "w") as file:
        file["a"] = h5py.ExternalLink(str(source), "/dense_1")
    assert len(read_h5(path)) == 0


def test_a_dataset_larger_than_its_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("a/b", (2**20, 2**20), "<f4", chunks=(64, 64))
    assert path.stat().st_size < 100_000
    with pytest.raises(ModelUnavailable, match="own bytes"):
        read_h5(path)


def test_other_numbers_than_float32_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("a/b", data=VALUES.astype(np.float64))
    with pytest.raises(ModelUnavailable, match="float64"):
        read_h5(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        read_h5(tmp_path / "missing.h5")


@given(st.data())
@settings(deadline=None)
def test_a_truncated_file_is_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = written(tmp_path_factory.mktemp("h5"))
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(ModelUnavailable):
        read_h5(path)


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_random_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("h5") / "weights.h5"
    path.write_bytes(data)
    with pytest.raises(ModelUnavailable):
        read_h5(path)
