"""Embedded stores of the bench's own: what it puts in and asks must not end up in anybody's galleries and counts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bentos.common.settings import Settings


@contextmanager
def own_state(folder: Path) -> Iterator[Mapping[str, str | None]]:
    """Settings of empty stores in a folder, which is emptied before and removed after; models stay where they are.

    A setting that is None has to be absent.
    """
    folder = folder.absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield {
            "FACESOCIAL_STATE_DIR": str(folder),
            "FACESOCIAL_MODEL_DIR": str(Settings().store.cache),
            "FACESOCIAL_DATABASE_URL": f"sqlite:///{folder / 'facesocial.sqlite'}",
            "FACESOCIAL_MILVUS_URI": str(folder / "milvus.db"),
            "FACESOCIAL_IMAGES_DIR": str(folder / "images"),
            "FACESOCIAL_TOMBSTONES_FILE": str(folder / "tombstones.ndjson"),
            "FACESOCIAL_REDIS_URL": None,
            "REDIS_URL": None,
        }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def size_of(folder: Path) -> int:
    """Bytes that the files of a folder take on disk."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())
