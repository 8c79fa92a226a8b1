"""Turn the bytes of a picture into upright BGR pixels, within limits."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from models.errors import InvalidImage
from models.processing.formats import bmp, jpeg, png, webp
from models.processing.formats.header import FORMATS, Format, ImageHeader, ImageLimits, damaged

__all__ = ["FORMATS", "Decoded", "ImageHeader", "ImageLimits", "decode", "read_header"]

_READERS: dict[Format, Callable[[bytes], ImageHeader]] = {
    "JPEG": jpeg.read,
    "PNG": png.read,
    "WebP": webp.read,
    "BMP": bmp.read,
}
# The plugin classes themselves: Image.open would guess the format again, take a JPEG with further
# pictures behind it for another format, and warn about sizes that are already checked here.
_PLUGINS: dict[Format, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WebP": WebPImageFile,
    "BMP": BmpImageFile,
}
_DAMAGE = ("premature end", "bad huffman code")
"""Warnings of libjpeg after which pixels are invented; others (stray bytes, odd markers) are harmless."""
_SMALLEST_REDUCED = 8
"""Pixels: below this side two reduced scales round to the same size, and which was used is not known."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture ready for detection.

    Attributes:
        pixels: BGR uint8 [h, w, 3], upright and contiguous.
        width: Of the upright picture at full size, in pixels.
        height: Of the upright picture at full size, in pixels.
        scale: Pixels decoded a pixel of the full size: 1, or 1/2, 1/4, 1/8 for a reduced JPEG.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    scale: float


def read_header(data: bytes, limits: ImageLimits) -> ImageHeader:
    """Format, size, mode and orientation, without decoding.

    Args:
        data: The whole file.
        limits: Bytes and pixels allowed.

    Raises:
        InvalidImage: Not a JPEG, PNG, WebP or BMP, or one with a damaged header.
        ImageTooLarge: More bytes or pixels than allowed; ``details`` holds limit and measured.
    """
    limits.check_bytes(len(data))
    header = _READERS[_format(data)](data)
    if header.width < 1 or header.height < 1:
        raise damaged("a side of no pixels")
    limits.check_pixels(header.width, header.height)
    return header


def decode(
    data: bytes, limits: ImageLimits, min_side: int | None = None, header: ImageHeader | None = None
) -> Decoded:
    """Decode a picture, first frame of an animation, upright.

    Transparent pixels are laid on white. 16-bit samples keep their high byte. Four-component JPEG is
    read as inverted CMYK (what Adobe writes and every reader assumes) and converted without a
    colour profile; other profiles are ignored too.

    Args:
        data: The whole file.
        limits: Bytes and pixels allowed.
        min_side: Decode a JPEG at 1/2, 1/4 or 1/8 size as long as both sides keep at least so many
            pixels. Other formats, and None, give the full size. Nothing is enlarged.
        header: What ``read_header`` said of the same bytes, where it was asked already.

    Raises:
        InvalidImage: Not a JPEG, PNG, WebP or BMP, or truncated or damaged.
        ImageTooLarge: More bytes or pixels than allowed; ``details`` holds limit and measured.
    """
    header = header or read_header(data, limits)
    shrink = _shrink(header, min_side)
    try:
        stored = _turbo(data, header, shrink)
        if stored is None:
            stored, shrink = _pillow(data, header), 1
    except InvalidImage:
        raise
    except Exception as error:  # Whatever a decoder throws at hostile bytes.
        raise damaged("its pixels cannot be read") from error
    return Decoded(_upright(stored, header.orientation), *header.upright_size, 1 / shrink)


def _format(data: bytes) -> Format:
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data.startswith(b"BM"):
        return "BMP"
    raise InvalidImage(f"These bytes are no picture that is read here; send {', '.join(FORMATS)}.")


def _shrink(header: ImageHeader, min_side: int | None) -> int:
    """Halvings alone: libjpeg-turbo's other reduced scales are slower than the full one."""
    if min_side is None or header.format != "JPEG":
        return 1
    shorter, least = min(header.width, header.height), max(min_side, _SMALLEST_REDUCED)
    return next((step for step in (8, 4, 2) if shorter >= least * step), 1)


def _turbo(data: bytes, header: ImageHeader, shrink: int) -> NDArray[np.uint8] | None:
    """The fast and strict way for JPEG; None where only the tolerant decoder may help."""
    if header.format != "JPEG":
        return None
    width, height = -(-header.width // shrink), -(-header.height // shrink)
    colours = "CMYK" if header.mode == "CMYK" else "BGR"
    try:
        size = simplejpeg.decode_jpeg_header(data)[:2]
        if size != (header.height, header.width):
            raise damaged("two different sizes")
        pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, colours, min_height=height, min_width=width)
    except ValueError as error:
        if any(sign in str(error).lower() for sign in _DAMAGE):
            raise damaged("the JPEG ends early") from error
        return None
    return pixels if colours == "BGR" else _bgr_of_inverted_cmyk(pixels)


def _bgr_of_inverted_cmyk(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Inverted ink is the light that it lets through: colour times black, as Pillow converts it too."""
    black = samples[..., 3]
    planes = [cv2.multiply(samples[..., ink], black, scale=1 / 255) for ink in (2, 1, 0)]
    return np.asarray(cv2.merge(planes), np.uint8)


def _pillow(data: bytes, header: ImageHeader) -> NDArray[np.uint8]:
    if header.format == "JPEG":
        # Pillow would read, and complain about, EXIF that is of no use any more.
        data = data.replace(b"Exif\0\0", b"None\0\0")
    with _PLUGINS[header.format](io.BytesIO(data)) as image:
        if image.size != (header.width, header.height):
            raise damaged("two different sizes")
        image.load()
        if image.mode.startswith("I"):
            return _grey16(image)
        return np.asarray(cv2.cvtColor(np.asarray(_rgb(image)), cv2.COLOR_RGB2BGR), np.uint8)


def _grey16(image: Image.Image) -> NDArray[np.uint8]:
    samples = np.asarray(image)
    grey = (samples >> 8).astype(np.uint8)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey[samples == transparent] = 255
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)


def _rgb(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    clear = image.convert("RGBA")
    canvas = Image.new("RGB", image.size, "white")
    canvas.paste(clear, mask=clear)
    return canvas


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo the eight orientations: 5 to 8 swap the axes, then at most two flips remain."""
    turned = cv2.transpose(pixels) if orientation > 4 else pixels
    if orientation in (3, 4, 7, 8):
        turned = cv2.flip(turned, 0)
    if orientation in (2, 3, 6, 7):
        turned = cv2.flip(turned, 1)
    return np.asarray(turned, np.uint8)
