"""Many small drawn pictures, no two alike, and archives of them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from PIL import Image, ImageDraw


def small_picture(number: int, kind: str = "PNG", size: tuple[int, int] = (48, 40)) -> bytes:
    """A few shapes whose place and colour follow from the number."""
    image = Image.new("RGB", size, (number % 251, number // 251 % 251, 90))
    drawing = ImageDraw.Draw(image)
    left, top = number * 7 % (size[0] // 2), number * 11 % (size[1] // 2)
    drawing.ellipse((left, top, left + size[0] // 3, top + size[1] // 3), fill=(220, number * 5 % 256, 160))
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


def picture_folder(folder: Path, count: int, kind: str = "PNG") -> Path:
    """A folder with that many pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number:05d}.{kind.lower()}").write_bytes(small_picture(number, kind))
    return folder


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """An archive with these files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()
