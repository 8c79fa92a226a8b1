"""WebP headers (RFC 9649)."""

from __future__ import annotations

from collections.abc import Iterator

from models.processing.formats.exif import orientation
from models.processing.formats.header import ImageHeader, damaged

_MAX_CHUNKS = 10_000
_VP8X_ALPHA, _VP8L_SIGNATURE, _VP8_START = 0x10, 0x2F, b"\x9d\x01\x2a"


def read(data: bytes) -> ImageHeader:
    """The canvas and the orientation.

    Args:
        data: The whole file.

    Raises:
        InvalidImage: The container is cut off or its first chunk is no picture.
    """
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise damaged("the WebP ends early")
    width, height, alpha = _canvas(data[12:16], data[20:30])
    exif = next((body for kind, body in _chunks(data, end) if kind == b"EXIF"), b"")
    return ImageHeader("WebP", width, height, "RGBA" if alpha else "RGB", orientation(exif))


def _canvas(kind: bytes, body: bytes) -> tuple[int, int, bool]:
    if len(body) < 5:
        raise damaged("no WebP header")
    if kind == b"VP8X":
        sides = int.from_bytes(body[4:7], "little"), int.from_bytes(body[7:10], "little")
        return sides[0] + 1, sides[1] + 1, bool(body[0] & _VP8X_ALPHA)
    if kind == b"VP8L" and body[0] == _VP8L_SIGNATURE:
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    if kind == b"VP8 " and body[3:6] == _VP8_START:
        sides = int.from_bytes(body[6:8], "little"), int.from_bytes(body[8:10], "little")
        return sides[0] & 0x3FFF, sides[1] & 0x3FFF, False
    raise damaged("no WebP picture chunk")


def _chunks(data: bytes, end: int) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    for _ in range(_MAX_CHUNKS):
        if at + 8 > end:
            return
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        yield kind, data[at + 8 : at + 8 + length] if kind == b"EXIF" else b""
        at += 8 + length + length % 2
    raise damaged(f"more than {_MAX_CHUNKS} chunks")
