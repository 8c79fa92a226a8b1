"""The vector index on Milvus: a server, or Milvus Lite embedded in this process."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np

from bentos.common.errors import ConfigurationError, DependencyUnavailable, InvalidRequest
from bentos.common.settings import VectorSettings
from bentos.face_recognition.vectors.base import Floats, Hit, Vector
from bentos.face_recognition.vectors.client import answering
from bentos.face_recognition.vectors.collection import Row
from bentos.face_recognition.vectors.embedded import EmbeddedStore
from bentos.face_recognition.vectors.expressions import require_id
from bentos.face_recognition.vectors.schema import Binding
from bentos.face_recognition.vectors.served import ServedStore

CHUNK_ROWS = 2_000
"""Of one call: 16 MB with 2,048 dimensions, where a server takes 64 MB."""


class Store(Protocol):
    """One of the two ways to keep the collection; its failures are the client's own."""

    def open(self) -> None: ...
    def upsert(self, rows: Sequence[Row]) -> None: ...
    def delete(self, tenant: str | None, ids: Sequence[str]) -> None: ...
    def search(self, tenant: str, gallery: str, values: Floats, limit: int) -> list[Hit]: ...
    def pages(self, tenant: str | None, gallery: str | None) -> Iterator[list[Row]]: ...
    def count(self) -> int: ...
    def flush(self) -> None: ...
    def purge(self) -> None: ...
    def reset(self) -> None: ...
    def drop(self) -> None: ...
    def ping(self) -> None: ...
    def close(self) -> None: ...


class MilvusIndex:
    """``VectorIndex`` of one model's embeddings, with an HNSW graph and the cosine.

    Args:
        settings: Where Milvus is and how exact it searches.
        digest: sha256 of the model, 64 hexadecimal digits.
        dimension: D of its embeddings.
    """

    def __init__(self, settings: VectorSettings, digest: str, dimension: int) -> None:
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise ConfigurationError("The digest of the recognition model is not a sha256.")
        self._dimension = dimension
        self._timeout_s = settings.timeout_s
        self._private = settings.uri.endswith(".db")
        store = EmbeddedStore if self._private else ServedStore
        self._store: Store = store(settings, Binding(digest, dimension))
        self._opening = threading.Lock()
        self._open = False

    @property
    def private(self) -> bool:
        return self._private

    def open(self) -> None:
        with self._opening, answering():
            self._open = False
            self._store.open()
            self._open = True

    def upsert(self, vectors: Sequence[Vector]) -> None:
        rows = [self._row(vector) for vector in vectors]
        with self._ready() as store:
            for start in range(0, len(rows), CHUNK_ROWS):
                store.upsert(rows[start : start + CHUNK_ROWS])

    def delete(self, tenant: str | None, ids: Sequence[str]) -> None:
        if tenant is not None:
            require_id(tenant)
        known = [require_id(one) for one in ids]
        with self._ready() as store:
            for start in range(0, len(known), CHUNK_ROWS):
                store.delete(tenant, known[start : start + CHUNK_ROWS])

    def search(self, tenant: str, gallery: str, values: Floats, limit: int) -> list[Hit]:
        require_id(tenant)
        require_id(gallery)
        direction = self._checked(values)
        if limit < 1:
            return []
        with self._ready() as store:
            return store.search(tenant, gallery, direction, limit)

    def ids(self, tenant: str | None = None, gallery: str | None = None) -> Iterator[str]:
        for one in (tenant, gallery):
            if one is not None:
                require_id(one)
        with self._ready() as store:
            pages = store.pages(tenant, gallery)
        return self._ids(pages)

    def count(self) -> int:
        with self._ready() as store:
            return store.count()

    def flush(self) -> None:
        with self._ready() as store:
            store.flush()

    def purge(self) -> None:
        with self._ready() as store:
            store.purge()

    def reset(self) -> None:
        with self._opening, answering():
            self._open = False
            self._store.reset()
            self._open = True

    def drop(self) -> None:
        with self._ready() as store:
            self._open = False
            store.drop()

    def ping(self) -> None:
        with self._ready() as store:
            store.ping()

    def close(self) -> None:
        with self._opening:
            self._open = False
            self._store.close()

    @contextmanager
    def _ready(self) -> Iterator[Store]:
        with answering():
            if not self._open:
                self._open_late()
            yield self._store

    def _open_late(self) -> None:
        if not self._opening.acquire(timeout=self._timeout_s):
            raise DependencyUnavailable("Milvus is still being opened.", {"dependency": "milvus"})
        try:
            if not self._open:
                self._store.open()
                self._open = True
        finally:
            self._opening.release()

    def _ids(self, pages: Iterator[list[Row]]) -> Iterator[str]:
        while True:
            with answering():
                page = next(pages, None)
            if page is None:
                return
            yield from (str(row["id"]) for row in page)

    def _row(self, vector: Vector) -> Row:
        named = {"id": vector.id, "tenant": vector.tenant, "gallery": vector.gallery}
        checked: Row = {name: require_id(value) for name, value in named.items()}
        return {**checked, "vector": self._checked(vector.values)}

    def _checked(self, values: Floats) -> Floats:
        direction = np.asarray(values, dtype=np.float32)
        if direction.shape != (self._dimension,):
            raise InvalidRequest(f"A face vector has {self._dimension} values here.")
        if not np.isfinite(direction).all() or not direction.any():
            raise InvalidRequest("A face vector is made of finite numbers, not all zero.")
        return direction
