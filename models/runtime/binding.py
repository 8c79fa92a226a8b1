"""Batches of few sizes through bound buffers: what a GPU wants."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from models.runtime.options import INPUT
from models.runtime.pinned import Allocate, Bytes, plain

Floats = npt.NDArray[np.float32]


class BoundRunner:
    """Runs a session from reused input memory; safe to call from many threads at once.

    Args:
        session: One input ``images``; the first axis of every output is the batch.
        device: Where ONNX Runtime leaves the outputs before they are copied: ``cuda`` or ``cpu``.
        device_id: Number of that device.
        rows_of: Rows that a batch of so many pictures is padded to; at least as many.
        allocate: Host memory of so many bytes.
    """

    def __init__(
        self,
        session: ort.InferenceSession,
        *,
        device: str = "cpu",
        device_id: int = 0,
        rows_of: Callable[[int], int] = int,
        allocate: Allocate = plain,
    ) -> None:
        self._session = session
        self._device = (device, device_id)
        self._names = [output.name for output in session.get_outputs()]
        self._rows_of = rows_of
        self._allocate = allocate
        self._idle: deque[_Buffers] = deque()

    def run(self, images: Bytes) -> dict[str, Floats]:
        """Outputs by name for uint8 [N, H, W, 3], N at least 1; the arrays are the caller's to keep.

        Raises:
            TypeError: The pictures are not uint8.
        """
        buffers = self._take()
        try:
            outputs = buffers.run(images, self._rows_of(len(images)))
        finally:
            self._idle.append(buffers)
        return {name: value[: len(images)] for name, value in zip(self._names, outputs, strict=True)}

    def _take(self) -> _Buffers:
        """Buffers that nobody uses now: there come to be as many as there are runs at once."""
        try:
            return self._idle.pop()
        except IndexError:
            return _Buffers(self._session, self._names, self._device, self._allocate)


class _Buffers:
    """Input memory and a binding, for one run at a time."""

    def __init__(
        self, session: ort.InferenceSession, names: Sequence[str], device: tuple[str, int], allocate: Allocate
    ) -> None:
        self._session = session
        self._names = names
        self._device = device
        self._allocate = allocate
        self._binding = session.io_binding()
        self._memory: Bytes = np.empty(0, np.uint8)

    def run(self, images: Bytes, rows: int) -> list[Floats]:
        """Outputs in the graph's order, of ``rows`` rows each."""
        self._bind(self._filled(images, rows))
        try:
            self._binding.synchronize_inputs()
            self._session.run_with_iobinding(self._binding)
            self._binding.synchronize_outputs()
            return list(self._binding.copy_outputs_to_cpu())
        finally:
            self._binding.clear_binding_inputs()
            self._binding.clear_binding_outputs()

    def _filled(self, images: Bytes, rows: int) -> Bytes:
        shape = (rows, *images.shape[1:])
        size = math.prod(shape)
        if size > self._memory.size:
            self._memory = self._allocate(size)
        batch = self._memory[:size].reshape(shape)
        np.copyto(batch[: len(images)], images, casting="no")
        batch[len(images) :] = 0
        return batch

    def _bind(self, batch: Bytes) -> None:
        """Each time anew: ONNX Runtime copies an input to the GPU when it is bound."""
        self._binding.bind_input(INPUT, "cpu", 0, np.uint8, batch.shape, batch.ctypes.data)
        for name in self._names:
            self._binding.bind_output(name, *self._device)
