"""Small samples of the sets' layouts, drawn by code: nobody is in them."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

Draw = Callable[..., Path]
Write = Callable[[str, str], Path]


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Draws a picture, another one for each name."""

    def drawn(name: str, width: int = 8, height: int = 6, **options: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (width, height), f"#{zlib.crc32(name.encode()) & 0xFFFFFF:06x}").save(
            path, **options
        )
        return path

    return drawn


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a list, or a file that stands for a video."""

    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return written
