"""Where the pictures of a run lie as long as it needs them, and which bytes are pictures at all."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Collection
from pathlib import Path

from PIL import Image

from workbench.runs.model import Item

MOST_BYTES = 20 * 1024 * 1024
"""Of one picture, as the services take it."""
FORMATS = ("JPEG", "PNG", "WEBP", "BMP")


class PictureGone(Exception):
    """A picture is not where it was, or is another one by now."""


def digest_of(data: bytes) -> str:
    """SHA-256, 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def refusal_of(data: bytes) -> str:
    """Why these bytes are not worth sending; empty where they may be a picture. Only the header is read."""
    if not data:
        return "An empty file"
    if len(data) > MOST_BYTES:
        return "Larger than 20 MB"
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS):
            return ""
    except Image.DecompressionBombError:
        return "More pixels than any service reads"
    except (OSError, ValueError, SyntaxError):
        return "No JPEG, PNG, WebP or BMP"


class RunPictures:
    """The folder of a run: ``source`` with what was uploaded, ``pictures`` with pictures by digest.

    Args:
        folder: The run's own; made when something is put there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = folder / "source"
        self._pictures = folder / "pictures"

    def put(self, digest: str, data: bytes) -> None:
        """Keep a picture; the file is there whole or not at all."""
        self._pictures.mkdir(parents=True, exist_ok=True)
        part = self._pictures / f"{digest}.part"
        part.write_bytes(data)
        os.replace(part, self._pictures / digest)

    def get(self, item: Item) -> bytes:
        """The bytes of a picture.

        Raises:
            PictureGone: There is no such picture any more.
        """
        if item.digest is None:
            raise PictureGone(f"{item.name} was not kept.")
        path = Path(item.path) if item.path is not None else self._pictures / item.digest
        try:
            data = path.read_bytes()
        except OSError as error:
            raise PictureGone(f"{item.name} is not there any more ({error.strerror}).") from error
        if digest_of(data) != item.digest:
            raise PictureGone(f"{item.name} is another picture by now.")
        return data

    def keep_only(self, digests: Collection[str]) -> None:
        """Delete all pictures but these."""
        for path in self._pictures.glob("*"):
            if path.name not in digests:
                path.unlink(missing_ok=True)

    def drop(self, digest: str) -> None:
        """Delete one picture."""
        (self._pictures / digest).unlink(missing_ok=True)

    def drop_source(self) -> None:
        """Delete what was uploaded; its pictures are among the others by then."""
        shutil.rmtree(self.source, ignore_errors=True)

    def drop_all(self) -> None:
        """Delete the run's folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
