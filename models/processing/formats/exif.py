"""The one EXIF field that changes pixels."""

from __future__ import annotations

import struct

UPRIGHT = 1
_ORIENTATION_TAG = 0x0112
_SHORT, _LONG = 3, 4


def orientation(block: bytes) -> int:
    r"""Orientation of a picture from its EXIF block; a malformed block counts as none.

    Source: CIPA DC-008 (Exif 2.32), tag 0x0112 of the first TIFF directory.

    Args:
        block: TIFF structure, with or without the leading ``Exif\0\0`` of JPEG.

    Returns:
        1 (upright) to 8.
    """
    tiff = block.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return UPRIGHT
    try:
        value = _first_directory_value(tiff, order)
    except struct.error:
        return UPRIGHT
    return value if value in range(1, 9) else UPRIGHT


def _first_directory_value(tiff: bytes, order: str) -> int:
    start: int = struct.unpack_from(order + "I", tiff, 4)[0]
    entries: int = struct.unpack_from(order + "H", tiff, start)[0]
    for index in range(entries):
        at = start + 2 + 12 * index
        tag, kind, count = struct.unpack_from(order + "HHI", tiff, at)
        if tag == _ORIENTATION_TAG and count == 1 and kind in (_SHORT, _LONG):
            return int(struct.unpack_from(order + ("H" if kind == _SHORT else "I"), tiff, at + 8)[0])
    return UPRIGHT
