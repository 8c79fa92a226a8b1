from __future__ import annotations

import io
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from models.errors import ImageTooLarge, InvalidImage
from models.processing.decode import ImageLimits, decode, read_header

LIMITS = ImageLimits()
SMALL = ImageLimits(max_bytes=200_000, max_pixels=100_000)
KINDS = [
    ("JPEG", "RGB", {}),
    ("JPEG", "L", {"progressive": True}),
    ("JPEG", "CMYK", {}),
    ("PNG", "RGB", {}),
    ("PNG", "P", {}),
    ("PNG", "I;16", {}),
    ("WEBP", "RGB", {}),
    ("WEBP", "RGBA", {"lossless": True}),
    ("BMP", "RGB", {}),
    ("BMP", "1", {}),
]


def _samples() -> list[bytes]:
    files = []
    ramp = np.arange(24 * 16 * 3, dtype=np.uint8).reshape(16, 24, 3)
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind, mode, options in KINDS:
        picture = Image.fromarray(ramp).convert("L" if mode == "I;16" else mode)
        picture = picture.convert(mode)
        if mode == "RGBA":
            picture.putalpha(100)
        buffer = io.BytesIO()
        picture.save(buffer, kind, **options, **({} if kind == "BMP" else {"exif": exif}))
        files.append(buffer.getvalue())
    return files


SAMPLES = _samples()


@pytest.mark.parametrize("data", SAMPLES, ids=[f"{kind}-{mode}" for kind, mode, _ in KINDS])
def test_a_file_cut_anywhere_is_invalid(data: bytes) -> None:
    decode(data, LIMITS)
    for length in range(len(data)):
        with pytest.raises(InvalidImage):
            decode(data[:length], LIMITS)


@pytest.mark.parametrize("data", SAMPLES[:3], ids=["baseline", "progressive", "cmyk"])
def test_a_cut_jpeg_with_an_end_marker_glued_on_is_invalid(data: bytes) -> None:
    scan = data.rindex(b"\xff\xda")
    with pytest.raises(InvalidImage, match="ends early"):
        decode(data[: scan + 30] + b"\xff\xd9", LIMITS)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"hello, this is text",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a\x01\0\x01\0\0\0\0;",
        b"II*\0\x08\0\0\0",
        b"%PDF-1.7",
        b"\0\0\0\x20ftypheic",
        b"RIFF\x04\0\0\0WAVE",
    ],
)
def test_other_kinds_are_refused_by_name_of_what_is_read(data: bytes) -> None:
    with pytest.raises(InvalidImage, match="JPEG, PNG, WebP, BMP"):
        decode(data, LIMITS)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "ICO", "PPM", "PCX", "TGA", "JPEG2000"])
def test_other_formats_of_the_library_are_not_reached(make: Any, kind: str) -> None:
    picture = make.picture(32, 32).convert("P" if kind == "GIF" else "RGB")
    with pytest.raises(InvalidImage, match="JPEG, PNG, WebP, BMP"):
        decode(make.file(picture, kind), LIMITS)


def test_too_many_bytes_are_refused_unread() -> None:
    with pytest.raises(ImageTooLarge) as caught:
        read_header(bytes(1001), ImageLimits(max_bytes=1000))
    assert caught.value.details == {"unit": "bytes", "limit": 1000, "measured": 1001}


GIANTS: dict[str, tuple[Callable[[Any], bytes], type[Exception]]] = {
    "png": (lambda make: make.png((60_000, 60_000), 8, 2, b""), ImageTooLarge),
    "png of one bit": (lambda make: make.png((60_000, 60_000), 1, 0, b""), ImageTooLarge),
    "png as large as the format allows": (
        lambda make: make.png((2**31 - 1, 2**31 - 1), 16, 6, b""),
        ImageTooLarge,
    ),
    "webp": (lambda make: make.webp(16_383, 16_383), ImageTooLarge),
    "webp as large as the format allows": (lambda make: make.webp(2**24, 2**24), ImageTooLarge),
    "jpeg": (lambda make: make.jpeg_frame(65_000, 65_000), ImageTooLarge),
    "bmp with few bytes": (lambda make: make.bmp(60_000, 60_000), InvalidImage),
    "bmp within limits with few bytes": (lambda make: make.bmp(7_000, 7_000), InvalidImage),
    "bmp of run lengths": (
        lambda make: make.bmp(1_000, 50_000, compression=1, body=b"\0\2\xff\xff" * 1000),
        InvalidImage,
    ),
}

_MEASURE = """
import resource, sys
from models.errors import ImageTooLarge, InvalidImage
from models.processing.decode import ImageLimits, decode
data = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    decode(data, ImageLimits())
except (ImageTooLarge, InvalidImage) as error:
    print(type(error).__name__, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("name", GIANTS)
def test_a_header_that_claims_a_giant_costs_no_memory(make: Any, name: str) -> None:
    build, expected = GIANTS[name]
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", _MEASURE],
        input=build(make),
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    error, grown_kib = run.stdout.decode().split()
    assert error == expected.__name__
    assert int(grown_kib) < 8 * 1024
    assert run.stderr == b""


def test_pixels_are_counted_before_the_library_complains(make: Any, recwarn: pytest.WarningsRecorder) -> None:
    data = make.png((12_000, 8_000), 1, 0, b"")
    with pytest.raises(ImageTooLarge) as caught:
        decode(data, LIMITS)
    assert caught.value.details["limit"] == 50_000_000
    assert caught.value.details["measured"] == 96_000_000
    assert read_header(data, ImageLimits(max_pixels=10**8)).upright_size == (12_000, 8_000)
    with pytest.raises(InvalidImage):
        decode(data, ImageLimits(max_pixels=10**8))
    assert not recwarn.list


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
def test_pictures_without_pixels(make: Any, size: tuple[int, int]) -> None:
    for data in (make.png(size, 8, 0, b""), make.bmp(*size), make.jpeg_frame(*size)):
        with pytest.raises(InvalidImage):
            decode(data, LIMITS)


def _many_scans(make: Any) -> bytes:
    data = make.file(make.picture(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * 200 + b"\xff\xd9"


SLOW: dict[str, Callable[[Any], bytes]] = {
    "progressive scans": _many_scans,
    "jpeg comments": lambda make: b"\xff\xd8" + b"\xff\xfe\x00\x02" * 4_000_000,
    "jpeg fill bytes": lambda make: b"\xff\xd8" + b"\xff" * 19_000_000,
    "jpeg noise": lambda make: b"\xff\xd8\xff" + b"\x00\xff" * 9_000_000,
    "png chunks": lambda make: make.png((1, 1), 8, 0, b"\0\0", (make.chunk(b"teSt") * 1_500_000,)),
    "png text": lambda make: make.png(
        (1, 1), 8, 0, b"\0\0", (make.chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(50_000_000))),) * 20
    ),
    "webp chunks": lambda make: _webp_chunks(make),
}


def _webp_chunks(make: Any) -> bytes:
    body = make.webp(10, 10)[8:] + b"JUNK\0\0\0\0" * 2_000_000
    return b"RIFF" + len(body).to_bytes(4, "little") + body


@pytest.mark.parametrize("name", SLOW)
def test_files_made_to_be_slow_are_refused_soon(make: Any, name: str) -> None:
    data = SLOW[name](make)
    begin = time.perf_counter()
    with pytest.raises(InvalidImage):
        decode(data, LIMITS)
    assert time.perf_counter() - begin < 2


def test_a_second_header_cannot_change_the_size(make: Any) -> None:
    second = make.png((2, 1), 8, 0, b"")[8:33]
    with pytest.raises(InvalidImage, match="two different sizes"):
        decode(make.png((1, 1), 8, 0, b"\0\0\0", (second,)), LIMITS)


def test_scans_hidden_behind_a_marker_without_body_are_counted(make: Any) -> None:
    """Taken for a segment, the marker would have a length that covers all the scans behind it."""
    data = _many_scans(make)
    first = data.index(b"\xff\xda")
    with pytest.raises(InvalidImage, match="scans"):
        decode(data[:first] + b"\xff\x01\x7f\xfe" + data[first:], LIMITS)


def test_run_length_encoded_bmp_is_refused(make: Any) -> None:
    data = bytearray(make.bmp(4, 1, compression=1, body=bytes(1024) + b"\4\7\0\1" * 20))
    data[28] = 8
    with pytest.raises(InvalidImage, match="Compressed BMP"):
        decode(bytes(data), LIMITS)


def _check(data: bytes, min_side: int | None) -> None:
    try:
        seen = decode(data, SMALL, min_side)
    except (InvalidImage, ImageTooLarge):
        return
    assert seen.pixels.dtype == np.uint8
    assert seen.pixels.shape[2:] == (3,)
    assert 0 < seen.width * seen.height <= SMALL.max_pixels
    expected = tuple(-(-side // round(1 / seen.scale)) for side in (seen.height, seen.width))
    assert seen.pixels.shape[:2] == expected


_magic = st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\xff\0\0\0WEBPVP8 ", b"BM"])


@given(_magic, st.binary(max_size=400))
@settings(max_examples=400, deadline=None)
@example(b"\x89PNG\r\n\x1a\n", b"\0\0\0\rIHDR")
def test_noise_gives_one_of_two_errors(magic: bytes, noise: bytes) -> None:
    _check(magic + noise, None)


@given(st.sampled_from(SAMPLES), st.data())
@settings(max_examples=1500, deadline=5000)
def test_damaged_files_give_pixels_or_one_of_two_errors(sample: bytes, draw: st.DataObject) -> None:
    data = bytearray(sample)
    for _ in range(draw.draw(st.integers(1, 6))):
        # Headers are short: half of the damage goes there.
        at = draw.draw(st.integers(0, min(60, len(data) - 1)) | st.integers(0, len(data) - 1))
        new = draw.draw(st.binary(min_size=0, max_size=4))
        data[at : at + draw.draw(st.integers(0, 4))] = new
    _check(bytes(data), draw.draw(st.none() | st.integers(-1, 40)))
