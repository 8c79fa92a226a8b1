"""A picture as a browser is sent it: upright, of moderate size, in a format that every browser knows."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image, ImageOps

LONG_SIDE = 1600
MAX_PIXELS = 50_000_000
QUALITY = 87
ORIENTATION = 0x0112


def preview(data: bytes, long_side: int = LONG_SIDE) -> str | None:
    """A data address; None for what is no picture or too large to be shown.

    Args:
        data: A picture's file.
        long_side: No side is longer, in pixels.
    """
    shown = upright(data, long_side)
    if shown is None:
        return None
    shown.thumbnail((long_side, long_side))
    return data_address(shown)


def upright(data: bytes, long_side: int) -> Image.Image | None:
    """The picture as people see it: turned, opaque, RGB; None for what is no picture or too large to be shown.

    Args:
        data: A picture's file.
        long_side: Where a JPEG can be decoded smaller and still have a side of so many pixels, it is.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            image.draft("RGB", (long_side, long_side))
            return _opaque(_eight_bit(ImageOps.exif_transpose(image)))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def data_address(image: Image.Image) -> str:
    """The picture as a JPEG in an address."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"


def upright_size(data: bytes) -> tuple[int, int] | None:
    """Width and height that boxes and points refer to; None for what is no picture."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            turned = image.getexif().get(ORIENTATION, 1) in (5, 6, 7, 8)
            return (image.height, image.width) if turned else image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _eight_bit(image: Image.Image) -> Image.Image:
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image).clip(0, 65_535) >> 8).astype(np.uint8))


def _opaque(image: Image.Image) -> Image.Image:
    """On white, as the service sees it."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
