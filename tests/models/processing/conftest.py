"""Made pictures and files for the tests of decoding."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image


class Maker:
    """Writes small pictures, and files whose headers say what a test wants."""

    def picture(self, width: int = 48, height: int = 32) -> Image.Image:
        """Colour blobs without symmetry, so that every turn and every channel order shows."""
        blobs = np.random.default_rng(7).integers(0, 256, (3, 4, 3), dtype=np.uint8)
        return Image.fromarray(cv2.resize(blobs, (width, height), interpolation=cv2.INTER_LINEAR))

    def file(self, image: Image.Image, kind: str, **options: object) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    def bgr(self, image: Image.Image) -> NDArray[np.uint8]:
        return np.asarray(image.convert("RGB"))[..., ::-1]

    def chunk(self, kind: bytes, body: bytes = b"") -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    def png(
        self,
        size: tuple[int, int],
        depth: int,
        colour: int,
        rows: bytes,
        before: tuple[bytes, ...] = (),
        after: tuple[bytes, ...] = (),
    ) -> bytes:
        header = self.chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0))
        body = (*before, self.chunk(b"IDAT", zlib.compress(rows)), *after, self.chunk(b"IEND"))
        return b"\x89PNG\r\n\x1a\n" + header + b"".join(body)

    def bmp(self, width: int, height: int, compression: int = 0, body: bytes = b"") -> bytes:
        info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, compression, 0, 0, 0, 0, 0)
        return b"BM" + struct.pack("<IHHI", 54 + len(body), 0, 0, 54) + info + body

    def webp(self, width: int, height: int) -> bytes:
        sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + sides
        return b"RIFF" + struct.pack("<I", len(body)) + body

    def jpeg_frame(self, width: int, height: int) -> bytes:
        frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
        scan = b"\x01\x01\x00\x00\x3f\x00"
        return (
            b"\xff\xd8\xff\xc0"
            + struct.pack(">H", len(frame) + 2)
            + frame
            + b"\xff\xda\x00\x08"
            + scan
            + b"\xff\xd9"
        )

    def exif(self, orientation: int, order: str = "<", kind: int = 3) -> bytes:
        mark = b"II" if order == "<" else b"MM"
        value = struct.pack(order + ("H2x" if kind == 3 else "I"), orientation)
        entry = struct.pack(order + "HHI", 0x0112, kind, 1) + value
        return b"Exif\0\0" + mark + struct.pack(order + "HIH", 42, 8, 1) + entry + bytes(4)


@pytest.fixture(scope="session")
def make() -> Maker:
    return Maker()
