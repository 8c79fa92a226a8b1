"""Pictures of every kind that a caller may send, made from one good picture, and some that are none."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

SAMPLES = Path(__file__).parents[2] / "workbench" / "samples"


def sample(name: str) -> Image.Image:
    """A sample picture of the project, RGB."""
    (path,) = SAMPLES.glob(f"{name}.*g")
    return Image.open(path).convert("RGB")


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"quality": 92} if kind == "JPEG" else {}) | options)
    return buffer.getvalue()


def rotated_by_exif(image: Image.Image) -> bytes:
    """Stored lying on its side, with the orientation that puts it upright again."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(image.transpose(Image.Transpose.ROTATE_90), exif=exif)


def sixteen_bit_grey(image: Image.Image) -> bytes:
    wide = np.asarray(image.convert("L")).astype(np.uint16) * 257
    return encoded(Image.fromarray(wide), "PNG")


def transparent(image: Image.Image) -> bytes:
    with_alpha = image.copy()
    with_alpha.putalpha(255)
    return encoded(with_alpha, "PNG")


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a hundred bytes whose header promises a huge picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body
