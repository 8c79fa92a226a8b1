"""Photographs of people with names, which are no part of the project."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

ENLARGED = 4
"""The AT&T pictures are 92 pixels wide; a camera's are larger."""


@dataclass(frozen=True)
class Person:
    """Somebody with a picture to enrol and others to be identified by."""

    name: str
    enrolled: bytes
    others: tuple[bytes, ...]


def faces_folder() -> Path:
    """The AT&T Database of Faces: 40 people with ten pictures each."""
    value = os.environ.get("FACESOCIAL_TEST_FACES", "")
    if not value:
        pytest.skip("FACESOCIAL_TEST_FACES is not set: no faces with identities")
    path = Path(value)
    if not path.is_dir():
        pytest.fail(f"FACESOCIAL_TEST_FACES={value} is not a folder")
    return path


def att_people(folder: Path, first: int, count: int, others: int = 2) -> list[Person]:
    """People of the AT&T set, by number."""
    return [
        Person(
            f"s{number}",
            _png(folder / "att" / f"s{number}" / "1.pgm"),
            tuple(_png(folder / "att" / f"s{number}" / f"{i}.pgm") for i in range(2, 2 + others)),
        )
        for number in range(first, first + count)
    ]


def _png(path: Path) -> bytes:
    image = Image.open(path).convert("RGB")
    image = image.resize((image.width * ENLARGED, image.height * ENLARGED), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
