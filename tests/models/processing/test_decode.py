from __future__ import annotations

import io
import struct
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from models.processing.decode import ImageLimits, decode, read_header

LIMITS = ImageLimits()
KINDS = [("JPEG", {"quality": 95, "subsampling": 0}), ("PNG", {}), ("WEBP", {"lossless": True})]


@pytest.mark.parametrize(("kind", "options"), KINDS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(
    make: Any, kind: str, options: dict[str, object], orientation: int
) -> None:
    data = make.file(make.picture(), kind, exif=make.exif(orientation), **options)
    upright = make.bgr(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    seen = decode(data, LIMITS)
    assert seen.pixels.shape == upright.shape
    assert np.abs(seen.pixels.astype(int) - upright).max() <= 2
    assert (seen.width, seen.height, seen.scale) == (upright.shape[1], upright.shape[0], 1.0)
    assert seen.pixels.flags.c_contiguous
    header = read_header(data, LIMITS)
    assert (header.width, header.height, header.orientation) == (48, 32, orientation)
    assert header.upright_size == (seen.width, seen.height)


@pytest.mark.parametrize(("order", "kind"), [("<", 3), (">", 3), ("<", 4), (">", 4)])
def test_exif_in_both_byte_orders_and_integer_kinds(make: Any, order: str, kind: int) -> None:
    data = make.file(make.picture(), "JPEG", exif=make.exif(6, order, kind))
    assert read_header(data, LIMITS).orientation == 6


def test_exif_behind_the_pixels_of_a_png(make: Any) -> None:
    late = (make.chunk(b"eXIf", make.exif(6).removeprefix(b"Exif\0\0")),)
    seen = decode(make.png((2, 1), 8, 0, b"\0\x10\x20", after=late), LIMITS)
    assert seen.pixels[..., 0].tolist() == [[0x10], [0x20]]


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\xff\xff",
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x01\0\0\0\x06\0\0\0",
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x09\0\0\0",
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0",
        b"rubbish" * 20,
    ],
)
def test_malformed_exif_counts_as_none(
    make: Any, exif: bytes, mode: str, recwarn: pytest.WarningsRecorder
) -> None:
    picture = make.picture().convert(mode)
    data = make.file(picture, "JPEG", exif=b"Exif\0\0" + exif, subsampling=2)
    assert read_header(data, LIMITS).orientation == 1
    assert decode(data, LIMITS).pixels.shape == (32, 48, 3)
    assert not recwarn.list


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        *[(mode, "PNG") for mode in ("1", "L", "P", "RGB")],
        *[(mode, "BMP") for mode in ("1", "L", "P", "RGB")],
        *[(mode, "JPEG") for mode in ("L", "RGB", "CMYK")],
        ("RGB", "WEBP"),
    ],
)
def test_every_mode_gives_the_colours_of_the_picture(make: Any, mode: str, kind: str) -> None:
    picture = make.picture().convert(mode)
    options = (
        {"lossless": True} if kind == "WEBP" else {"quality": 98, "subsampling": 0} if kind == "JPEG" else {}
    )
    data = make.file(picture, kind, **options)
    seen = decode(data, LIMITS)
    tolerance = 8 if kind == "JPEG" else 0
    assert np.abs(seen.pixels.astype(int) - make.bgr(picture)).max() <= tolerance
    header = read_header(data, LIMITS)
    assert header.format == {"WEBP": "WebP"}.get(kind, kind)
    assert header.mode == {("L", "BMP"): "P"}.get((mode, kind), mode)


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 2}, {"subsampling": 0}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_kinds_of_jpeg(make: Any, mode: str, options: dict[str, object]) -> None:
    picture = make.picture().convert(mode)
    data = make.file(picture, "JPEG", quality=98, **options)
    assert np.abs(decode(data, LIMITS).pixels.astype(int) - make.bgr(picture)).mean() < 3


@pytest.mark.parametrize(
    ("ink", "colour"),
    [
        ((255, 0, 0, 0), (255, 255, 0)),
        ((0, 255, 0, 0), (255, 0, 255)),
        ((0, 0, 255, 0), (0, 255, 255)),
        ((0, 0, 0, 255), (0, 0, 0)),
        ((0, 0, 0, 0), (255, 255, 255)),
        ((0, 0, 0, 128), (127, 127, 127)),
    ],
)
def test_cmyk_ink_becomes_colour(
    make: Any, ink: tuple[int, int, int, int], colour: tuple[int, int, int]
) -> None:
    data = make.file(Image.new("CMYK", (16, 16), ink), "JPEG", quality=100)
    assert b"Adobe" in data
    assert np.abs(decode(data, LIMITS).pixels.astype(int) - colour).max() <= 2


def test_ycck_jpeg(make: Any) -> None:
    picture = make.picture()
    planes = picture.convert("YCbCr").split()
    # The file holds YCbCr of the ink, the negative of the picture; writing CMYK inverts the planes.
    stored = Image.merge("CMYK", [*planes, Image.new("L", picture.size, 0)])
    data = bytearray(make.file(stored, "JPEG", quality=98))
    data[data.index(b"Adobe") + 11] = 2
    assert np.abs(decode(bytes(data), LIMITS).pixels.astype(int) - make.bgr(picture)).mean() < 3


def test_sixteen_bit_samples_keep_their_high_byte(make: Any) -> None:
    grey = struct.pack(">4H", 0, 0x1234, 0x8000, 0xFFFF)
    seen = decode(make.png((4, 1), 16, 0, b"\0" + grey), LIMITS)
    assert seen.pixels[0].tolist() == [[value] * 3 for value in (0, 0x12, 0x80, 0xFF)]
    colour = struct.pack(">6H", 0xFFFF, 0x1234, 0, 0x8000, 0, 0xFFFF)
    seen = decode(make.png((2, 1), 16, 2, b"\0" + colour), LIMITS)
    assert seen.pixels[0].tolist() == [[0, 0x12, 0xFF], [0xFF, 0, 0x80]]


def test_sixteen_bit_with_alpha_on_white(make: Any) -> None:
    row = b"\0" + struct.pack(">4H", 0x2000, 0xFFFF, 0x2000, 0)
    assert decode(make.png((2, 1), 16, 4, row), LIMITS).pixels[0, :, 0].tolist() == [0x20, 0xFF]


def test_transparent_pixels_lie_on_white(make: Any) -> None:
    half = Image.new("RGBA", (1, 1), (200, 100, 0, 128))
    assert (
        np.abs(decode(make.file(half, "PNG"), LIMITS).pixels[0, 0].astype(int) - [127, 177, 227]).max() <= 1
    )
    for mode, clear in (("RGBA", (9, 9, 9, 0)), ("LA", (9, 0))):
        data = make.file(Image.new(mode, (4, 4), clear), "PNG")
        assert (decode(data, LIMITS).pixels == 255).all()
    data = make.file(Image.new("RGBA", (4, 4), (9, 9, 9, 0)), "WEBP", lossless=True)
    assert (decode(data, LIMITS).pixels == 255).all()


@pytest.mark.parametrize(
    ("depth", "colour", "row", "key"),
    [
        (8, 0, b"\0\x09\x0a", b"\0\x09"),
        (8, 2, b"\0\x09\x09\x09\x0a\x0a\x0a", b"\0\x09\0\x09\0\x09"),
        (16, 0, b"\0\x0a\x09\x0a\x0a", b"\x0a\x09"),
    ],
)
def test_a_colour_that_means_transparent(make: Any, depth: int, colour: int, row: bytes, key: bytes) -> None:
    data = make.png((2, 1), depth, colour, row, before=(make.chunk(b"tRNS", key),))
    assert decode(data, LIMITS).pixels[0].tolist() == [[255] * 3, [10] * 3]


def test_transparent_palette_entries(make: Any) -> None:
    before = (make.chunk(b"PLTE", bytes([1, 2, 3, 4, 5, 6])), make.chunk(b"tRNS", b"\0\xff"))
    seen = decode(make.png((2, 1), 8, 3, b"\0\0\1", before), LIMITS)
    assert seen.pixels[0].tolist() == [[255] * 3, [6, 5, 4]]


@pytest.mark.parametrize("kind", ["WEBP", "PNG", "MPO"])
def test_the_first_frame_of_several(make: Any, kind: str) -> None:
    first, second = Image.new("RGB", (16, 16), (250, 0, 0)), Image.new("RGB", (16, 16), (0, 0, 250))
    data = make.file(first, kind, save_all=True, append_images=[second])
    seen = decode(data, LIMITS)
    assert seen.pixels.shape == (16, 16, 3)
    assert np.abs(seen.pixels.astype(int) - (0, 0, 250)).max() <= 8


def test_a_bmp_from_the_top_down(make: Any) -> None:
    body = bytes([1, 2, 3, 0]) + bytes([4, 5, 6, 0])
    assert decode(make.bmp(1, -2, body=body), LIMITS).pixels[:, 0].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert decode(make.bmp(1, 2, body=body), LIMITS).pixels[:, 0].tolist() == [[4, 5, 6], [1, 2, 3]]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_one_pixel(make: Any, kind: str) -> None:
    data = make.file(Image.new("RGB", (1, 1), (128, 128, 128)), kind)
    seen = decode(data, LIMITS, min_side=1)
    assert (seen.pixels.shape, seen.width, seen.height, seen.scale) == ((1, 1, 3), 1, 1, 1.0)


@pytest.mark.parametrize(
    ("min_side", "scale"),
    [
        (None, 1.0),
        (0, 0.125),
        (-5, 0.125),
        (50, 0.125),
        (51, 0.25),
        (100, 0.25),
        (200, 0.5),
        (201, 1.0),
        (9000, 1.0),
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_is_reduced_no_further_than_asked(
    make: Any, mode: str, min_side: int | None, scale: float
) -> None:
    data = make.file(make.picture(600, 400).convert(mode), "JPEG", quality=95, exif=make.exif(6))
    seen = decode(data, LIMITS, min_side)
    assert seen.scale == scale
    assert seen.pixels.shape == (600 * scale, 400 * scale, 3)
    assert (seen.width, seen.height) == (400, 600)
    full = decode(data, LIMITS).pixels
    shrunk = cv2.resize(full, seen.pixels.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(seen.pixels.astype(int) - shrunk).mean() < 2


@pytest.mark.parametrize("side", range(1, 40))
def test_the_scale_of_small_pictures_is_true(make: Any, side: int) -> None:
    seen = decode(make.file(make.picture(side, side), "JPEG"), LIMITS, min_side=1)
    assert seen.pixels.shape[0] == -(-side // round(1 / seen.scale))
    assert seen.scale == 1.0 or side >= 16


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP"])
def test_what_cannot_be_reduced_keeps_its_size(make: Any, kind: str) -> None:
    seen = decode(make.file(make.picture(600, 400), kind), LIMITS, min_side=20)
    assert (seen.pixels.shape, seen.scale) == ((400, 600, 3), 1.0)
