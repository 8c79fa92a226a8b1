"""BMP headers (Windows and OS/2 bitmaps)."""

from __future__ import annotations

from models.errors import InvalidImage
from models.processing.formats.header import ImageHeader, damaged

_CORE_HEADER = 12
_HEADERS = frozenset({_CORE_HEADER, 40, 52, 56, 64, 108, 124})
_UNCOMPRESSED = frozenset({0, 3, 6})
_MODES = {1: "1", 2: "P", 4: "P", 8: "P", 16: "RGB", 24: "RGB", 32: "RGB"}


def read(data: bytes) -> ImageHeader:
    """The size.

    Args:
        data: The whole file.

    Raises:
        InvalidImage: No sound header, run-length encoded, or fewer bytes than the size asks for.
    """
    kind = int.from_bytes(data[14:18], "little")
    if kind not in _HEADERS or len(data) < 14 + kind:
        raise damaged("no BMP header")
    step = 2 if kind == _CORE_HEADER else 4
    # A negative height means rows from the top down.
    width, height = (int.from_bytes(data[at : at + step], "little", signed=True) for at in (18, 18 + step))
    bits = int.from_bytes(data[20 + 2 * step : 22 + 2 * step], "little")
    if bits not in _MODES:
        raise damaged("unknown BMP depth")
    if kind != _CORE_HEADER and int.from_bytes(data[30:34], "little") not in _UNCOMPRESSED:
        # A few bytes of run lengths may stand for gigabytes of pixels.
        raise InvalidImage("Compressed BMP is not read; send an uncompressed BMP, or JPEG, PNG or WebP.")
    row = (max(width, 0) * bits + 31) // 32 * 4
    if len(data) < int.from_bytes(data[10:14], "little") + row * abs(height):
        raise damaged("the BMP ends early")
    return ImageHeader("BMP", width, abs(height), _MODES[bits])
