"""Pinned memory from a CUDA runtime that only keeps the books."""

from __future__ import annotations

import gc
import logging
from typing import Any

import numpy as np
import pytest

from models.runtime.pinned import PORTABLE, loaded_runtime, pinned_on, plain


class Runtime:
    """Registers as the CUDA runtime does, or refuses with an error."""

    def __init__(self, error: int = 0) -> None:
        self.error = error
        self.device: int | None = None
        self.registered: dict[int, int] = {}

    def cudaSetDevice(self, device: Any) -> int:  # noqa: N802
        self.device = device.value
        return 0

    def cudaHostRegister(self, address: Any, size: Any, flags: Any) -> int:  # noqa: N802
        assert flags.value == PORTABLE
        if not self.error:
            self.registered[address.value] = size.value
        return self.error

    def cudaHostUnregister(self, address: Any) -> int:  # noqa: N802
        del self.registered[address.value]
        return 0


def test_memory_is_registered_for_as_long_as_it_lives() -> None:
    runtime = Runtime()
    memory = pinned_on(1, runtime)(5000)
    assert runtime.registered == {memory.ctypes.data: 5000}
    assert runtime.device == 1
    part = memory[:100].reshape(10, 10)
    del memory
    gc.collect()
    assert len(runtime.registered) == 1  # a view keeps it
    del part
    gc.collect()
    assert runtime.registered == {}


def test_memory_can_be_written_and_shares_no_page() -> None:
    allocate = pinned_on(0, Runtime())
    first, second = allocate(10), allocate(10)
    first[:], second[:] = 1, 2
    assert (first.tolist(), second.tolist()) == ([1] * 10, [2] * 10)
    assert first.ctypes.data // 4096 != second.ctypes.data // 4096


def test_a_refusal_gives_plain_memory_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    runtime = Runtime(error=2)
    memory = pinned_on(0, runtime)(64)
    memory[:] = 7
    assert memory.shape == (64,)
    assert "error 2" in caplog.text
    del memory
    gc.collect()
    assert runtime.registered == {}


def test_without_a_runtime_memory_is_plain(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("models.runtime.pinned.RUNTIMES", ("libnosuchruntime.so.1",))
    assert loaded_runtime() is None
    with caplog.at_level(logging.INFO):
        assert pinned_on(0) is plain
    assert "plain memory" in caplog.text
    assert (plain(9).shape, plain(9).dtype) == ((9,), np.uint8)
