"""State dicts: what is read, and what is refused before anything of it runs."""

from __future__ import annotations

import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import ModelUnavailable
from models.export.readers.pth import read_pth

MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
PROTOCOL = pickle.dumps(1001, 2)
SYSTEM = pickle.dumps({"protocol_version": 1001, "little_endian": True, "type_sizes": {}}, 2)


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def numbers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def tensor(
    key: str = "a",
    count: int = 6,
    offset: int = 0,
    shape: tuple[int, ...] = (2, 3),
    strides: tuple[int, ...] = (3, 1),
    kind: str = "FloatStorage",
) -> bytes:
    """Opcodes of a tensor as PyTorch writes them."""
    storage = b"(" + text("storage") + b"ctorch\n" + kind.encode() + b"\n" + text(key) + text("cpu")
    storage += number(count) + b"Nt" + b"Q"
    rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n"
    return rebuild + b"(" + storage + number(offset) + numbers(shape) + numbers(strides) + b"\x89}t" + b"R"


def state(name: str, value: bytes) -> bytes:
    return b"\x80\x02ccollections\nOrderedDict\n)R(" + text(name) + value + b"u."


def file(
    body: bytes,
    keys: tuple[str, ...] = ("a",),
    data: bytes | None = None,
    count: int = 6,
    system: bytes = SYSTEM,
) -> bytes:
    if data is None:
        data = np.arange(count, dtype="<f4").tobytes()
    return MAGIC + PROTOCOL + system + body + pickle.dumps(list(keys), 2) + struct.pack("<q", count) + data


def write(folder: Path, data: bytes) -> Path:
    path = folder / "weights.pth"
    path.write_bytes(data)
    return path


def test_reads_a_tensor(tmp_path: Path) -> None:
    tensors = read_pth(write(tmp_path, file(state("layer.weight", tensor()))))
    np.testing.assert_array_equal(tensors["layer.weight"], np.arange(6, dtype=np.float32).reshape(2, 3))


def test_reads_a_part_of_a_storage(tmp_path: Path) -> None:
    tensors = read_pth(write(tmp_path, file(state("w", tensor(offset=4, shape=(2,), strides=(1,))))))
    np.testing.assert_array_equal(tensors["w"], [4.0, 5.0])


def test_leaves_counters_out(tmp_path: Path) -> None:
    counter = tensor(count=1, shape=(), strides=(), kind="LongStorage")
    data = file(state("batches", counter), data=struct.pack("<q", 7), count=1)
    assert len(read_pth(write(tmp_path, data))) == 0


class Attack:
    """Would leave a file behind if it ran."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("position", range(5))
def test_a_pickle_that_names_a_command_is_refused_and_not_run(
    protocol: int, position: int, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    parts = [MAGIC, PROTOCOL, SYSTEM, state("w", tensor()), pickle.dumps(["a"], 2)]
    parts[position] = pickle.dumps(Attack(trace), protocol)
    with pytest.raises(ModelUnavailable, match=r"asks for|instruction"):
        read_pth(write(tmp_path, b"".join(parts)))
    assert not trace.exists()


@pytest.mark.parametrize(
    "name",
    [
        "builtins\neval",
        "os\nsystem",
        "torch\nload",
        "collections\nnamedtuple",
        "torch._utils\n_rebuild_qtensor",
    ],
)
def test_any_other_name_is_refused(name: str, tmp_path: Path) -> None:
    body = b"\x80\x02c" + name.encode() + b"\n."
    with pytest.raises(ModelUnavailable, match="asks for"):
        read_pth(write(tmp_path, file(body)))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(tensor(offset=1), id="beyond the storage"),
        pytest.param(tensor(offset=-1), id="before the storage"),
        pytest.param(tensor(shape=(2, -3)), id="negative side"),
        pytest.param(tensor(shape=(0, 3)), id="empty"),
        pytest.param(tensor(strides=(1, 2)), id="not row-major"),
        pytest.param(tensor(strides=(0, 0)), id="one number repeated"),
        pytest.param(tensor(shape=(2**30, 2**30), strides=(2**30, 1)), id="enormous"),
        pytest.param(tensor(shape=(6,)), id="shape and strides differ"),
        pytest.param(tensor(count=5), id="another count"),
        pytest.param(tensor(key="b"), id="unknown storage"),
        pytest.param(tensor(kind="DoubleStorage"), id="another kind"),
    ],
)
def test_a_tensor_that_lies_is_refused(value: bytes, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        read_pth(write(tmp_path, file(state("w", value))))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PK\x03\x04" + bytes(100), id="zip"),
        pytest.param(b"version https://git-lfs.github.com/spec/v1\n", id="pointer instead of the file"),
        pytest.param(file(pickle.dumps([1, 2], 2)), id="no dictionary"),
        pytest.param(
            file(state("w", tensor()), system=pickle.dumps({"little_endian": False}, 2)), id="big-endian"
        ),
        pytest.param(file(b"\x80\x02r\xff\xff\xff\x7f."), id="memo of two billion"),
    ],
)
def test_what_is_no_state_dict_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        read_pth(write(tmp_path, data))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        read_pth(tmp_path / "missing.pth")


@given(st.data())
@settings(deadline=None)
def test_a_truncated_file_is_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    whole = file(state("w", tensor()))
    length = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(ModelUnavailable):
        read_pth(write(tmp_path_factory.mktemp("pth"), whole[:length]))


@given(st.data())
@settings(deadline=None, max_examples=300)
def test_a_damaged_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    damaged = bytearray(file(state("w", tensor())))
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        tensors = read_pth(write(tmp_path_factory.mktemp("pth"), bytes(damaged)))
    except ModelUnavailable:
        return
    assert all(values.dtype == np.float32 and values.size <= 6 for values in tensors.values())


def test_reads_what_torch_writes_and_refuses_its_zip(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    layer = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    old, new = tmp_path / "old.pth", tmp_path / "new.pth"
    torch.save(layer.state_dict(), old, _use_new_zipfile_serialization=False)
    torch.save(layer.state_dict(), new)
    tensors = read_pth(old)
    assert set(tensors) == {name for name in layer.state_dict() if not name.endswith("num_batches_tracked")}
    for name, values in tensors.items():
        np.testing.assert_array_equal(values, layer.state_dict()[name].numpy())
    with pytest.raises(ModelUnavailable):
        read_pth(new)
