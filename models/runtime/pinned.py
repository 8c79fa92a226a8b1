"""Host memory that a GPU copies from directly, without a detour over the driver's own buffer.

ONNX Runtime's Python API gives pinned memory for providers registered as plug-ins alone, not for the CUDA
provider that comes with it; the CUDA runtime that this provider has loaded pins any memory.
"""

from __future__ import annotations

import ctypes
import logging
import mmap
import os
import sys
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

logger = logging.getLogger(__name__)

Bytes = npt.NDArray[np.uint8]
Allocate = Callable[[int], Bytes]

RUNTIMES = ("libcudart.so.13", "libcudart.so.12", "libcudart.so.11.0")
PORTABLE = 1
"""cudaHostRegisterPortable: pinned for all GPUs of this process."""


def plain(size: int) -> Bytes:
    """uint8 [size] that may be paged out."""
    return np.empty(size, np.uint8)


def pinned_on(device_id: int, runtime: Any = None) -> Allocate:
    """Allocates uint8 [size] that a GPU reads directly; plain memory where that cannot be had.

    Args:
        device_id: The GPU.
        runtime: The CUDA runtime; by default the one that this process has loaded already.
    """
    library = runtime or loaded_runtime()
    if library is None:
        logger.info("no CUDA runtime is loaded: pictures go to the GPU from plain memory")
        return plain
    return lambda size: _pinned(library, device_id, size)


def loaded_runtime() -> Any:
    """The CUDA runtime library of this process, or None."""
    if sys.platform != "linux":
        return None
    for name in RUNTIMES:
        try:
            return ctypes.CDLL(name, mode=os.RTLD_NOLOAD | os.RTLD_LAZY)
        except OSError:
            continue
    return None


def _pinned(library: Any, device_id: int, size: int) -> Bytes:
    pages = mmap.mmap(-1, size)  # pages of its own: two registered ranges may not share one
    array = np.frombuffer(pages, np.uint8)
    address = ctypes.c_void_p(array.ctypes.data)
    library.cudaSetDevice(ctypes.c_int(device_id))
    error = library.cudaHostRegister(address, ctypes.c_size_t(size), ctypes.c_uint(PORTABLE))
    if error:
        logger.warning("the CUDA runtime does not pin %d bytes (error %d): plain memory it is", size, error)
    else:
        weakref.finalize(array, library.cudaHostUnregister, address).atexit = False
    return array
