"""PNG headers (ISO/IEC 15948, W3C PNG specification)."""

from __future__ import annotations

from collections.abc import Iterator

from models.processing.formats.exif import orientation
from models.processing.formats.header import ImageHeader, damaged

_MAX_CHUNKS = 50_000
_MODES = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}


def read(data: bytes) -> ImageHeader:
    """The size and the orientation, which may stand behind the pixels.

    Args:
        data: The whole file.

    Raises:
        InvalidImage: No sound first chunk, no last chunk, or more chunks than a real picture has.
    """
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise damaged("no PNG header")
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    depth, colour = data[24], data[25]
    mode = {(1, 0): "1", (16, 0): "I;16"}.get((depth, colour), _MODES.get(colour, ""))
    if not mode:
        raise damaged("unknown PNG colour type")
    # All chunks are walked: a file cut off behind its EXIF must not pass.
    found = [body for kind, body in _chunks(data) if kind == b"eXIf"]
    return ImageHeader("PNG", width, height, mode, orientation(found[0] if found else b""))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    for _ in range(_MAX_CHUNKS):
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        if at + 12 + length > len(data):
            raise damaged("the PNG ends early")
        if kind == b"IEND":
            return
        yield kind, data[at + 8 : at + 8 + length] if kind == b"eXIf" else b""
        at += 12 + length
    raise damaged(f"more than {_MAX_CHUNKS} chunks")
