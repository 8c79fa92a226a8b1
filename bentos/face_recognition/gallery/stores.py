"""What the use cases of galleries share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from bentos.common.cache import ResultCache
from bentos.common.database import Database
from bentos.common.settings import GallerySettings
from bentos.common.tombstones import Tombstones
from bentos.face_recognition.gallery.pictures import KeptPictures
from bentos.face_recognition.vectors.base import VectorIndex
from models.catalogue.card import ModelCard

OpenIndex = Callable[[str, int], VectorIndex]
"""Makes the index of a model by its digest and the dimension of its embeddings."""


class Indexes:
    """The vector indexes, one for each model whose embeddings are kept; opened when first needed."""

    def __init__(self, make: OpenIndex) -> None:
        self._make = make
        self._open: dict[str, VectorIndex] = {}
        self._opening = threading.Lock()

    def of(self, digest: str, dimension: int) -> VectorIndex:
        """The index of a model; it connects when it is first asked something."""
        with self._opening:
            if digest not in self._open:
                self._open[digest] = self._make(digest, dimension)
            return self._open[digest]

    def close(self) -> None:
        """Let go of all."""
        with self._opening:
            for index in self._open.values():
                index.close()
            self._open.clear()


@dataclass(frozen=True, slots=True)
class Stores:
    """Where galleries live.

    Attributes:
        database: The truth.
        indexes: What is searched; can be made anew from the truth.
        pictures: Kept pictures of faces.
        tombstones: Erased faces, outside of the database.
        cache: Remembered answers, which an erasure forgets.
        running: Says which embedder runs; it is the same from the moment on that the stores are opened.
    """

    database: Database
    indexes: Indexes
    pictures: KeptPictures
    tombstones: Tombstones
    cache: ResultCache
    settings: GallerySettings
    running: Callable[[], ModelCard]

    @property
    def card(self) -> ModelCard:
        """The running embedder's."""
        return self.running()

    @property
    def dimension(self) -> int:
        """Numbers of an embedding of the running model."""
        found = self.card.decoding["dimension"]
        assert isinstance(found, int)
        return found

    @property
    def index(self) -> VectorIndex:
        """The running model's index."""
        return self.indexes.of(self.card.sha256, self.dimension)
