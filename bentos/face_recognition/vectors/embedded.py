"""Faces in a folder of this machine, held by this process: Milvus Lite."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from bentos.common.errors import DependencyUnavailable
from bentos.common.settings import VectorSettings
from bentos.face_recognition.vectors import schema
from bentos.face_recognition.vectors.base import Floats, Hit
from bentos.face_recognition.vectors.client import answering, connect, unavailable
from bentos.face_recognition.vectors.collection import Collection, Row
from bentos.face_recognition.vectors.expressions import belongs
from bentos.face_recognition.vectors.generation import Generation
from bentos.face_recognition.vectors.lite import server_of
from bentos.face_recognition.vectors.schema import Binding

EVERYTHING = ("id", "tenant", "gallery", schema.VECTOR)
COPIED_ROWS = 8_192
"""At once, at most: writers wait for it."""

NOT_OPEN = "The embedded Milvus is not open."
MAINTENANCE_S = 600.0
"""For what may read all files or build a graph of everything: opening, writing segments, dropping a collection."""


class EmbeddedStore:
    """An alias with the model's name, and the collection that it stands for, the current generation.

    Milvus Lite keeps deleted rows in its files. To be rid of them the living ones are copied to a new generation;
    turning the alias to it is one atomic step, and whatever the alias does not stand for is rubbish: it is
    removed then, or when the folder is opened after a crash in between.
    """

    def __init__(self, settings: VectorSettings, binding: Binding) -> None:
        self._settings = settings
        self._binding = binding
        self._lite = server_of(Path(settings.uri))
        self._reader: Collection | None = None
        self._written: tuple[Generation, ...] = ()
        self._writing = threading.RLock()
        self._purging = threading.Lock()

    def open(self) -> None:
        with self._writing:
            try:
                self._connect()
                with answering(opening_files=True):
                    self._open_current()
            except BaseException:
                self.close()
                raise

    def upsert(self, rows: Sequence[Row]) -> None:
        with self._writing:
            for generation in self._generations():
                generation.upsert(rows)

    def delete(self, tenant: str | None, ids: Sequence[str]) -> None:
        with self._writing:
            owned = [row for row in self._opened.owners(ids) if tenant in (None, row["tenant"])]
            for generation in self._generations():
                generation.delete(owned)

    def search(self, tenant: str, gallery: str, values: Floats, limit: int) -> list[Hit]:
        return self._opened.search(values, limit, belongs(tenant), gallery)

    def pages(self, tenant: str | None, gallery: str | None) -> Iterator[list[Row]]:
        galleries = self._opened.partitions()
        for one in galleries if gallery is None else {gallery}.intersection(galleries):
            yield from self._opened.pages(belongs(tenant), ("id",), self._size(one), one)

    def count(self) -> int:
        return self._opened.count()

    def flush(self) -> None:
        with self._writing:
            for generation in self._generations():
                generation.flush()

    def purge(self) -> None:
        """Readers and writers go on meanwhile; what is written goes to both generations."""
        with self._purging:
            fresh = self._create()
            try:
                self._fill(fresh)
                old = self._turn_to(fresh)
            except BaseException:
                self._abandon(fresh)
                raise
            self._opened.client.drop_collection(old.name, timeout=MAINTENANCE_S)

    def reset(self) -> None:
        with self._purging, self._writing:
            if self._written:
                self._drop()
            else:
                self.close()
                self._lite.move_aside(self._binding.name)
            self.open()

    def drop(self) -> None:
        with self._purging, self._writing:
            self._drop()

    def ping(self) -> None:
        self._opened.client.get_server_version(timeout=self._settings.timeout_s)

    def close(self) -> None:
        with self._writing:
            if self._reader is not None:
                self._reader.client.close()
                self._reader = None
                self._lite.release(self._binding.name)
            self._written = ()

    @property
    def _opened(self) -> Collection:
        if self._reader is None:
            raise DependencyUnavailable(NOT_OPEN, {"dependency": "milvus"})
        return self._reader

    def _generations(self) -> tuple[Generation, ...]:
        """The current one, and the one that is to become it where there is one."""
        if not self._written:
            raise DependencyUnavailable(NOT_OPEN, {"dependency": "milvus"})
        return self._written

    def _connect(self) -> None:
        if self._reader is not None:
            return
        alias = self._binding.name
        try:
            address = self._lite.acquire(alias)
        except ValueError as error:
            raise unavailable(error, damaged=True) from error
        try:
            self._reader = Collection(connect(address, "", self._settings.timeout_s), alias, self._settings)
        except BaseException:
            self._lite.release(alias)
            raise

    def _open_current(self) -> None:
        client, alias = self._opened.client, self._binding.name
        if not client.has_collection(alias, timeout=MAINTENANCE_S):
            fresh = self._create()
            client.drop_alias(alias, timeout=MAINTENANCE_S)  # which may stand for what was moved aside
            client.create_alias(fresh.name, alias, timeout=MAINTENANCE_S)
            self._written = (fresh,)
        schema.verify(client, alias, self._binding, MAINTENANCE_S)
        if not self._written:
            name = client.describe_alias(alias, timeout=MAINTENANCE_S)["collection_name"]
            self._load(name)
            self._written = (self._generation(name),)
        # A crash between the writing of a segment and the removal of its log leaves rows in both: as long as
        # nothing else was written, writing the log again makes the very same segment.
        self._written[0].flush()

    def _load(self, name: str) -> None:
        """Graphs are written as they are built: one that a crash cut off is built again."""
        from pymilvus.exceptions import MilvusException

        with suppress(MilvusException):
            self._opened.load(MAINTENANCE_S)
            return
        for graph in (self._lite.collections / name).glob("partitions/*/indexes/*"):
            graph.unlink()
        self._opened.load(MAINTENANCE_S)

    def _drop(self) -> None:
        client, name = self._opened.client, self._generations()[0].name
        client.drop_alias(self._binding.name, timeout=MAINTENANCE_S)
        client.drop_collection(name, timeout=MAINTENANCE_S)
        self._written = ()

    def _generation(self, name: str) -> Generation:
        return Generation(Collection(self._opened.client, name, self._settings), MAINTENANCE_S)

    def _create(self) -> Generation:
        client, name = self._opened.client, f"{self._binding.name}_{uuid.uuid4().hex[:8]}"
        schema.create(client, name, self._binding, self._settings, by_tenant=False, timeout_s=MAINTENANCE_S)
        client.load_collection(name, timeout=MAINTENANCE_S)
        return self._generation(name)

    def _size(self, gallery: str) -> int:
        reader = self._opened
        found = reader.client.get_partition_stats(reader.name, gallery, timeout=self._settings.timeout_s)
        return int(found["row_count"])

    def _fill(self, fresh: Generation) -> None:
        with self._writing:
            self._written = (*self._generations(), fresh)
        for gallery in self._opened.partitions():
            pages = self._opened.pages("", EVERYTHING, self._size(gallery), gallery, COPIED_ROWS)
            more = True
            while more:
                with self._writing:  # nothing is deleted between the reading of a row and its writing
                    page = next(pages, None)
                    more = page is not None
                    fresh.upsert(page or ())

    def _turn_to(self, fresh: Generation) -> Generation:
        with self._writing:
            old = self._generations()[0]
            fresh.flush()
            if fresh.count() != old.count():
                raise DependencyUnavailable(
                    "The face vectors could not all be copied; deleted ones stay in the files until the next try.",
                    {"dependency": "milvus"},
                )
            self._point_to(fresh)
            self._written = (fresh,)
            return old

    def _abandon(self, fresh: Generation) -> None:
        """Both are complete until the alias is turned, and Milvus Lite may turn it and yet report a failure."""
        with self._writing:
            self._written = tuple(one for one in self._written if one is not fresh)
            for old in self._written:
                with suppress(DependencyUnavailable), answering():
                    self._point_to(old)
        with suppress(DependencyUnavailable), answering():
            self._opened.client.drop_collection(fresh.name, timeout=MAINTENANCE_S)

    def _point_to(self, generation: Generation) -> None:
        self._opened.client.alter_alias(generation.name, self._binding.name, timeout=MAINTENANCE_S)
