"""Comparing the vector index and the kept pictures with the database, and restoring them from it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from bentos.contracts import GalleryFindings
from bentos.face_recognition.gallery.following import Following
from bentos.face_recognition.gallery.records import CHUNK, chunks
from bentos.face_recognition.gallery.settlement import Settlement, searchable, vector_of
from bentos.face_recognition.gallery.stores import Stores
from bentos.face_recognition.tables import Collection, Face, OutboxEntry
from bentos.face_recognition.vectors.base import VectorIndex

logger = logging.getLogger(__name__)

Progress = Callable[[int], None]
FRESH_S = 3600.0
"""A picture younger than this may belong to an enrolment that is not committed yet."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What is wrong with the index of one model, by ids of faces."""

    faces: int
    vectors: int
    missing: list[str]
    surplus: list[str]


class Verification:
    """Looks at all tenants, or at one; safe while the service answers.

    Args:
        stores: Where galleries live.
        settlement: Works off what is pending.
        following: Brings in what other replicas wrote.
    """

    def __init__(self, stores: Stores, settlement: Settlement, following: Following) -> None:
        self._stores = stores
        self._settlement = settlement
        self._following = following

    def verify(self, tenant_id: str | None = None) -> GalleryFindings:
        """What differs.

        Raises:
            DependencyUnavailable: A store does not answer.
        """
        self._following.catch_up()
        found = [self._compare(digest, dimension, tenant_id) for digest, dimension in self._models()]
        missing, surplus = self._pictures(tenant_id)
        pending = self._settlement.pending(tenant_id)
        gaps = sum(len(one.missing) + len(one.surplus) for one in found) + len(missing) + len(surplus)
        return GalleryFindings(
            faces=sum(one.faces for one in found),
            vectors=sum(one.vectors for one in found),
            pending=pending,
            missing=sum(len(one.missing) for one in found),
            surplus=sum(len(one.surplus) for one in found),
            pictures_missing=len(missing),
            pictures_surplus=len(surplus),
            outdated=self._outdated(tenant_id),
            clean=not gaps and not pending,
        )

    def repair(self, tenant_id: str | None = None) -> int:
        """Work off what is pending, add vectors that are missing, take away those without a face; how many."""
        repaired = self._settlement.drain()
        self._following.catch_up()
        for digest, dimension in self._models():
            found = self._compare(digest, dimension, tenant_id)
            index = self._stores.indexes.of(digest, dimension)
            self._add(index, digest, found.missing)
            index.delete(tenant_id, found.surplus)
            repaired += len(found.missing) + len(found.surplus)
        for face in self._pictures(tenant_id)[1]:
            self._stores.pictures.delete(face)
        return repaired

    def rebuild(self, tenant_id: str | None = None, progress: Progress = lambda count: None) -> int:
        """Make the index anew from the database; how many vectors. Searches find less while it runs."""
        built = 0
        for digest, dimension in self._models():
            index = self._stores.indexes.of(digest, dimension)
            if tenant_id is None:
                index.drop()
                index.open()
            else:
                for some in chunks(list(index.ids(tenant_id))):
                    index.delete(tenant_id, some)
            for some in self._ids(digest, tenant_id):
                self._add(index, digest, some)
                built += len(some)
                progress(len(some))
            index.flush()
        self.repair(tenant_id)
        return built

    def count(self) -> int:
        """Faces that belong into the running model's index."""
        query = searchable(select(func.count()).select_from(Face), self._stores.card.sha256)
        with self._stores.database.read() as session:
            return session.scalar(query) or 0

    def purge(self) -> None:
        """Let nothing of what was erased stay in the stores' files."""
        for digest, dimension in self._models():
            self._stores.indexes.of(digest, dimension).purge()
        self._stores.database.compact()

    def _models(self) -> list[tuple[str, int]]:
        """Digest and dimension of every model that has an index; the running one's always."""
        with self._stores.database.read() as session:
            used = session.execute(select(Collection.model_digest, Collection.dimension).distinct()).all()
            left = session.execute(select(OutboxEntry.model_digest, OutboxEntry.dimension).distinct()).all()
        running = (self._stores.card.sha256, self._stores.dimension)
        return sorted({running, *((digest, dimension) for digest, dimension in (*used, *left))})

    def _compare(self, digest: str, dimension: int, tenant_id: str | None) -> Difference:
        truth = {one for some in self._ids(digest, tenant_id) for one in some}
        there = set(self._stores.indexes.of(digest, dimension).ids(tenant_id))
        # What changed while this looked, and what is about to, is no fault: the differences are looked at again.
        now, pending = self._now(digest, truth ^ there)
        missing, surplus = (truth - there) & now - pending, there - truth - now - pending
        return Difference(len(truth), len(there), sorted(missing), sorted(surplus))

    def _ids(self, digest: str, tenant_id: str | None) -> Iterator[list[str]]:
        last = ""
        while True:
            query = searchable(select(Face.id), digest).where(Face.id > last).order_by(Face.id).limit(CHUNK)
            if tenant_id is not None:
                query = query.where(Face.tenant_id == tenant_id)
            with self._stores.database.read() as session:
                some = list(session.scalars(query))
            if not some:
                return
            yield some
            last = some[-1]

    def _now(self, digest: str, ids: set[str]) -> tuple[set[str], set[str]]:
        there: set[str] = set()
        pending: set[str] = set()
        with self._stores.database.read() as session:
            for some in chunks(sorted(ids)):
                there.update(session.scalars(searchable(select(Face.id), digest).where(Face.id.in_(some))))
                pending.update(session.scalars(select(OutboxEntry.face).where(OutboxEntry.face.in_(some))))
        return there, pending

    def _add(self, index: VectorIndex, digest: str, ids: Sequence[str]) -> None:
        for some in chunks(ids):
            with self._stores.database.read() as session:
                faces = session.scalars(searchable(select(Face), digest).where(Face.id.in_(some))).all()
            index.upsert([vector_of(face) for face in faces])

    def _pictures(self, tenant_id: str | None) -> tuple[list[str], list[str]]:
        """Faces whose kept picture is missing, and pictures that belong to no face."""
        query = select(Face.id).where(Face.kept.is_not(None))
        if tenant_id is not None:
            query = query.where(Face.tenant_id == tenant_id)
        with self._stores.database.read() as session:
            wanted = set(session.scalars(query))
        there = set(self._stores.pictures.ids())
        surplus = there - wanted if tenant_id is None else set()
        at = time.time()
        old = [face for face in surplus if self._stores.pictures.age_s(face, at) > FRESH_S]
        return sorted(wanted - there), sorted(old)

    def _outdated(self, tenant_id: str | None) -> int:
        """Faces that an earlier model embedded, in collections that are the newer one's: not searchable."""
        with self._stores.database.read() as session:
            query = select(func.count()).select_from(Face)
            query = query.join(Collection, Collection.id == Face.collection_id)
            query = query.where(Face.model_digest != Collection.model_digest)
            if tenant_id is not None:
                query = query.where(Face.tenant_id == tenant_id)
            return session.scalar(query) or 0
