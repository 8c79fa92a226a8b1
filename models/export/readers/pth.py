"""PyTorch state dicts of before version 1.6: five pickles and the raw bytes of the storages.

Each pickle is first scanned: only the instructions that a state dict needs, and no memo that would fill the
memory. It is then read by an unpickler that knows four names and runs none of them.
"""

from __future__ import annotations

import io
import math
import pickle  # used through a subclass that resolves four harmless names
import pickletools
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelUnavailable
from models.export.readers.tensors import Tensors

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_TYPES: dict[str, np.dtype[np.generic]] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}
_COUNT_BYTES = 8
_INSTRUCTIONS = frozenset(
    {
        *("PROTO", "STOP", "MARK", "GLOBAL", "REDUCE", "BUILD", "BINPERSID"),
        *("NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE"),
        *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "APPEND", "APPENDS"),
        *("EMPTY_DICT", "SETITEM", "SETITEMS", "BINGET", "LONG_BINGET", "BINPUT", "LONG_BINPUT"),
    }
)
"""What protocol 2 needs for dictionaries, tuples, names and numbers."""
_MEMO_WRITES = frozenset({"BINPUT", "LONG_BINPUT"})


@dataclass(frozen=True, slots=True)
class _StorageType:
    dtype: np.dtype[np.generic]


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str
    dtype: np.dtype[np.generic]
    count: int


@dataclass(frozen=True, slots=True)
class _View:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _view(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _View:
    """Stand in for ``torch._utils._rebuild_tensor_v2``; the bytes come later in the file."""
    if not isinstance(storage, _Storage) or len(shape) != len(strides):
        raise pickle.UnpicklingError("a tensor without a storage")
    return _View(storage, offset, tuple(shape), tuple(strides))


class _StateUnpickler(pickle.Unpickler):
    """Resolves the names that a plain state dict needs, to stand-ins."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _view
        if module == "torch" and name in _TYPES:
            return _StorageType(_TYPES[name])
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, pid: object) -> _Storage:
        match pid:
            case ("storage", _StorageType() as kind, str(key), str(), int(count), None):
                return _Storage(key, kind.dtype, count)
        raise pickle.UnpicklingError("an unknown kind of storage")


def read_pth(path: Path) -> Tensors:
    """Read the float32 tensors of a state dict; counters of the training (integers) are left out.

    Raises:
        ModelUnavailable: The file is missing, truncated, of another format, or asks for anything but tensors.
    """
    try:
        stream = io.BytesIO(path.read_bytes())
        return Tensors(path.name, _read(stream))
    except Exception as error:  # a hostile pickle raises what it likes
        raise ModelUnavailable(
            f"{path.name} is no plain state dict ({error}): do not use it, fetch the published file."
        ) from error


def _read(stream: io.BytesIO) -> dict[str, NDArray[np.float32]]:
    if _load(stream) != _MAGIC or _load(stream) != _PROTOCOL:
        raise ValueError("it does not begin like one")
    if _load(stream)["little_endian"] is not True:  # type: ignore[index]
        raise ValueError("its numbers are big-endian")
    state, keys = _load(stream), _load(stream)
    if not isinstance(state, dict) or not isinstance(keys, list):
        raise TypeError("it holds no dictionary of tensors")
    views = {str(name): view for name, view in state.items() if isinstance(view, _View)}
    storages = _storages(stream, keys, {view.storage.key: view.storage for view in views.values()})
    tensors = {name: _materialise(view, storages[view.storage.key]) for name, view in views.items()}
    return {name: values.astype(np.float32) for name, values in tensors.items() if values.dtype.kind == "f"}


def _load(stream: io.BytesIO) -> object:
    start = stream.tell()
    _scan(stream)
    stream.seek(start)
    return _StateUnpickler(stream).load()


def _scan(stream: io.BytesIO) -> None:
    for count, (instruction, argument, _) in enumerate(pickletools.genops(stream)):
        if instruction.name not in _INSTRUCTIONS:
            raise pickle.UnpicklingError(f"it holds the instruction {instruction.name}")
        if instruction.name in _MEMO_WRITES and int(argument or 0) > count:
            raise pickle.UnpicklingError(f"it numbers its objects up to {argument}")


def _storages(
    stream: io.BytesIO, keys: list[object], known: dict[str, _Storage]
) -> dict[str, NDArray[np.generic]]:
    """Read the storages in the order of the file: a count, then so many numbers."""
    found: dict[str, NDArray[np.generic]] = {}
    for key in keys:
        storage = known[str(key)]
        if int.from_bytes(stream.read(_COUNT_BYTES), "little") != storage.count:
            raise ValueError(f"storage {key} has another length than its tensors say")
        data = stream.read(storage.count * storage.dtype.itemsize)
        found[storage.key] = np.frombuffer(data, storage.dtype, storage.count)
    return found


def _materialise(view: _View, storage: NDArray[np.generic]) -> NDArray[np.generic]:
    """Read a tensor out of its storage: row-major, as every published one is."""
    expected = tuple(math.prod(view.shape[axis + 1 :]) for axis in range(len(view.shape)))
    count = math.prod(view.shape)
    if view.strides != expected or min(view.shape, default=1) < 1:
        raise ValueError(f"a tensor of shape {view.shape} and strides {view.strides}")
    if view.offset < 0 or view.offset + count > len(storage):
        raise ValueError("a tensor reaches beyond its storage")
    return storage[view.offset : view.offset + count].reshape(view.shape)
