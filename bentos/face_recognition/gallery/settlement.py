"""Brings the vector index and the kept pictures to what the database says.

An enrolment or an erasure is committed together with an outbox entry for each face. After that, in the request, at
start or on a schedule, the entry is settled: the face's vector is put where the face is, and taken away where it is
gone. A crash at any point leaves the entry, and settling twice changes nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, delete, func, select, update

from bentos.common.errors import FaceSocialError
from bentos.face_recognition.gallery.records import CHUNK, chunks, to_vector
from bentos.face_recognition.gallery.stores import Stores
from bentos.face_recognition.tables import Change, Collection, Face, OutboxEntry
from bentos.face_recognition.vectors.base import Vector

logger = logging.getLogger(__name__)


Entries = Sequence[OutboxEntry | Change]
E = TypeVar("E", OutboxEntry, Change)


class Settlement:
    """Works off the outbox; any number of threads and replicas may do so at once."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._under_way: set[str] = set()
        self._noting = threading.Lock()

    def settle(self, faces: Sequence[str]) -> None:
        """Bring these faces' vectors to what the database says.

        Raises:
            DependencyUnavailable: A store does not answer; what is left is settled later.
        """
        with self._alone(faces):
            for some in chunks(faces):
                with self._stores.database.read() as session:
                    query = select(OutboxEntry).where(OutboxEntry.face.in_(some))
                    entries = session.scalars(query).all()
                self._settle(entries)

    def drain(self) -> int:
        """Settle all that is left; how many entries that were. What requests of this process settle is theirs.

        Raises:
            DependencyUnavailable: A store does not answer.
        """
        done = last = 0
        while entries := self._next(last):
            last = entries[-1].id
            left = [entry for entry in entries if entry.face not in self._under_way]
            if left and not done:
                logger.info("bringing the vector index up to date, beginning with %d faces", len(left))
            self._settle(left)
            done += len(left)
        return done

    def follow(self, changes: Sequence[Change]) -> None:
        """Bring what another replica settled in its own index into this one's as well.

        Raises:
            DependencyUnavailable: A store does not answer.
        """
        for digest, dimension, some in _by_model(changes):
            self._bring(digest, dimension, some)

    def pending(self, tenant_id: str | None = None) -> int:
        """Entries that are left."""
        query = select(func.count()).select_from(OutboxEntry)
        if tenant_id is not None:
            query = query.where(OutboxEntry.tenant_id == tenant_id)
        with self._stores.database.read() as session:
            return session.scalar(query) or 0

    @contextmanager
    def _alone(self, faces: Sequence[str]) -> Iterator[None]:
        """Keep the upkeep thread from doing the same work a second time meanwhile."""
        with self._noting:
            self._under_way = self._under_way | set(faces)
        try:
            yield
        finally:
            with self._noting:
                self._under_way = self._under_way - set(faces)

    def _next(self, last: int) -> Sequence[OutboxEntry]:
        query = select(OutboxEntry).where(OutboxEntry.id > last).order_by(OutboxEntry.id).limit(CHUNK)
        with self._stores.database.read() as session:
            return session.scalars(query).all()

    def _settle(self, entries: Sequence[OutboxEntry]) -> None:
        for digest, dimension, some in _by_model(entries):
            ids = [entry.id for entry in some]
            try:
                self._bring(digest, dimension, some)
            except FaceSocialError as error:
                self._note(ids, error)
                raise
            with self._stores.database.write() as session:
                session.execute(delete(OutboxEntry).where(OutboxEntry.id.in_(ids)))

    def _bring(self, digest: str, dimension: int, entries: Entries) -> None:
        index = self._stores.indexes.of(digest, dimension)
        there = self._truth(entries, digest)
        index.upsert([vector_of(face) for face in there])
        kept = {face.id for face in there}
        self._take_away(digest, dimension, [entry for entry in entries if entry.face not in kept])
        # Whoever wrote the index last has to look at the truth after that: a face erased meanwhile must not stay.
        still = self._still_there(entries, digest)
        self._take_away(digest, dimension, [entry for entry in entries if entry.face in kept - still])

    def _truth(self, entries: Entries, digest: str) -> Sequence[Face]:
        with self._stores.database.read() as session:
            return session.scalars(searchable(select(Face), digest).where(_among(entries))).all()

    def _still_there(self, entries: Entries, digest: str) -> set[str]:
        with self._stores.database.read() as session:
            return set(session.scalars(searchable(select(Face.id), digest).where(_among(entries))))

    def _take_away(self, digest: str, dimension: int, entries: Entries) -> None:
        if not entries:
            return
        index = self._stores.indexes.of(digest, dimension)
        by_tenant = sorted(entries, key=lambda entry: entry.tenant_id)
        for tenant, group in groupby(by_tenant, lambda entry: entry.tenant_id):
            index.delete(tenant, [entry.face for entry in group])
        self._forget_pictures([entry.face for entry in entries])

    def _forget_pictures(self, faces: Sequence[str]) -> None:
        """Of faces that are gone altogether: one that another model embedded anew keeps its picture."""
        with self._stores.database.read() as session:
            alive = set(session.scalars(select(Face.id).where(Face.id.in_(faces))))
        for face in set(faces) - alive:
            self._stores.pictures.delete(face)

    def _note(self, ids: Sequence[int], error: FaceSocialError) -> None:
        with self._stores.database.write() as session:
            session.execute(
                update(OutboxEntry)
                .where(OutboxEntry.id.in_(ids))
                .values(attempts=OutboxEntry.attempts + 1, fault=error.message[:500])
            )


def _by_model(entries: Sequence[E]) -> Iterator[tuple[str, int, list[E]]]:
    """Entries by their model's digest and dimension."""
    ordered = sorted(entries, key=lambda entry: (entry.model_digest, entry.dimension))
    for (digest, dimension), group in groupby(ordered, lambda entry: (entry.model_digest, entry.dimension)):
        yield digest, dimension, list(group)


def _among(entries: Entries) -> ColumnElement[bool]:
    return Face.id.in_([entry.face for entry in entries])


def searchable(query: Select[Any], digest: str) -> Select[Any]:
    """Of a query on faces, those that belong into a model's index: its own, in collections that are the model's."""
    query = query.join(Collection, Collection.id == Face.collection_id)
    return query.where(Face.model_digest == digest, Collection.model_digest == digest)


def vector_of(face: Face) -> Vector:
    """A face as the index takes it."""
    return Vector(face.id, face.tenant_id, face.collection_id, to_vector(face.embedding))
