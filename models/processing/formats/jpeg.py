"""JPEG headers (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.processing.formats.exif import orientation
from models.processing.formats.header import ImageHeader, damaged

_MAX_SEGMENTS = 1_000
_MAX_SCANS = 32
"""Encoders write about 10; each costs a pass over all pixels, however few bytes it has."""

_EOI, _SOS, _APP1 = 0xD9, 0xDA, 0xE1
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_NEXT_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
"""Any but those that stand alone inside a scan, just as libjpeg looks for it."""
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}


def read(data: bytes) -> ImageHeader:
    """The frame's size and the orientation.

    Args:
        data: The whole file.

    Raises:
        InvalidImage: No frame, or more segments or scans than a real picture has.
    """
    size, mode, exif, scans = (0, 0), "", b"", 0
    for marker, body in _segments(data):
        scans += marker == _SOS
        if marker in _FRAMES and not mode:
            size = int.from_bytes(body[3:5]), int.from_bytes(body[1:3])
            mode = _MODES.get(body[5] if len(body) > 5 else 0, "")
        elif marker == _APP1 and not exif and body.startswith(b"Exif\0\0"):
            exif = body
        if scans > _MAX_SCANS:
            raise damaged(f"more than {_MAX_SCANS} scans")
    if not scans or not mode:
        raise damaged("no complete JPEG frame")
    return ImageHeader("JPEG", *size, mode, orientation(exif))


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and body of each segment up to the end of the picture, entropy-coded data skipped."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        found = _NEXT_MARKER.search(data, at)
        if not found or data[found.end() - 1] == _EOI:
            return
        at = found.end()
        length = int.from_bytes(data[at : at + 2])
        yield data[at - 1], data[at + 2 : at + length]
        at += max(length, 2)
    raise damaged(f"more than {_MAX_SEGMENTS} segments")
