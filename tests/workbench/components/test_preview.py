from __future__ import annotations

import base64
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from workbench.components.preview import LONG_SIDE, preview

ORIENTATION = 0x0112


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def shown(data: bytes) -> Image.Image:
    address = preview(data)
    assert address is not None
    head, _, body = address.partition(",")
    assert head == "data:image/jpeg;base64"
    image = Image.open(io.BytesIO(base64.b64decode(body)))
    assert image.mode == "RGB"
    return image


def test_a_large_picture_is_made_smaller_in_proportion():
    assert shown(encoded(Image.new("RGB", (4000, 1000)), "JPEG")).size == (LONG_SIDE, LONG_SIDE // 4)


def test_a_small_picture_keeps_its_size():
    assert shown(encoded(Image.new("RGB", (7, 5)), "PNG")).size == (7, 5)


def test_a_picture_is_upright():
    image = Image.new("RGB", (40, 20), "red")
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    assert shown(encoded(image, "JPEG", exif=exif)).size == (20, 40)


def test_what_is_transparent_is_white():
    image = shown(encoded(Image.new("RGBA", (8, 8), (255, 0, 0, 0)), "PNG"))
    assert min(image.getpixel((4, 4))) > 250


@pytest.mark.parametrize(("value", "grey"), [(0, 0), (0x8000, 128), (0xFFFF, 255)])
def test_sixteen_bits_become_eight(value, grey):
    image = shown(encoded(Image.fromarray(np.full((8, 8), value, np.uint16)), "PNG"))
    assert image.getpixel((4, 4)) == pytest.approx((grey,) * 3, abs=2)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "LA"])
def test_every_kind_of_colour(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert shown(encoded(Image.new(mode, (9, 9)), kind)).size == (9, 9)


def huge_png() -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


GOOD = encoded(Image.effect_noise((64, 64), 50).convert("RGB"), "JPEG")


@pytest.mark.parametrize(
    "data",
    [b"", b"no picture", GOOD[: len(GOOD) // 2], GOOD[:30], huge_png(), b"\x89PNG\r\n\x1a\n" + b"\0" * 60],
    ids=["empty", "text", "half", "header", "60,000 x 60,000", "broken png"],
)
def test_what_cannot_be_shown_is_none(data):
    assert preview(data) is None
