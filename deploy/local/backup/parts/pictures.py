"""Kept pictures, one after another; read after the database, so that none is missing that it names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from sqlalchemy import select

from bentos.common.settings import Settings
from bentos.face_recognition.gallery.pictures import KeptPictures
from bentos.face_recognition.tables import Face
from deploy.local.backup.parts import tar
from deploy.local.backup.parts.piece import Piece
from deploy.local.backup.sealing import Chunks
from deploy.local.opening import opened

SUFFIX = ".png"
KIND = "tar"


@contextmanager
def read(folder: Path) -> Iterator[Piece | None]:
    """All pictures; None where there are none."""
    pictures, counts = KeptPictures(folder), {"pictures": 0}

    def parts() -> Iterator[bytes]:
        for face in pictures.ids():
            if (png := pictures.get(face)) is None:  # erased in between, or not written whole
                continue
            counts["pictures"] += 1
            yield tar.header(f"{face}{SUFFIX}", len(png)) + png + tar.padding(len(png))
        yield tar.END

    there = next(pictures.ids(), None) is not None
    yield Piece("pictures", KIND, Chunks(parts()), counts) if there else None


def write(archive: Path, settings: Settings) -> int:
    """Put those back that belong to a face of the database, which is restored by now; how many.

    Raises:
        ConfigurationError: The archive is damaged.
        DependencyUnavailable: The folder cannot be written, or the database does not answer.
    """
    wanted = _wanted(settings)
    pictures, count = KeptPictures(settings.gallery.images), 0
    for name, content in tar.members(archive):
        if (face := name.removesuffix(SUFFIX)) in wanted:
            png = BytesIO()
            content(png)
            pictures.put(face, png.getvalue())
            count += 1
    return count


def _wanted(settings: Settings) -> set[str]:
    with opened(settings, upgraded=False) as database, database.read() as session:
        return set(session.scalars(select(Face.id).where(Face.kept.is_not(None))))
