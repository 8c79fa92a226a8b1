"""Forgetting: rows, vectors, kept pictures, remembered answers; a tombstone for each face stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bentos.common import tenants
from bentos.common.audit.caller import Caller
from bentos.common.audit.trail import append
from bentos.common.database.conflicts import insert_all_if_absent
from bentos.common.database.tables import Tenant, Tombstone
from bentos.common.errors import NotFound
from bentos.contracts import Erased
from bentos.face_recognition.gallery.records import (
    chunks,
    count_of,
    find_collection,
    find_subject,
    to_settle,
    write_outbox,
)
from bentos.face_recognition.gallery.settlement import Settlement
from bentos.face_recognition.gallery.stores import Stores
from bentos.face_recognition.tables import Collection, Face, Subject


class Erasure:
    """Erases, first in the truth and before the answer is sent everywhere else."""

    def __init__(self, stores: Stores, settlement: Settlement) -> None:
        self._stores = stores
        self._settlement = settlement

    def face(self, caller: Caller, name: str, subject_id: str, face_id: str) -> Erased:
        """Erase one face; its subject stays.

        Raises:
            NotFound: No such collection, subject or face.
            DependencyUnavailable: The face is gone from the database, and a store that still has its vector does
                not answer: it follows by itself as soon as the store does.
        """
        with self._stores.database.write() as session:
            collection = find_collection(session, caller.tenant, name)
            subject = find_subject(session, collection, subject_id, lock=True)
            query = select(Face).where(Face.subject_key == subject.id, Face.face_id == face_id)
            found = session.scalars(query).all()
            if not found:
                raise NotFound(f"There is no face `{face_id}` of `{subject_id}` in `{name}`.")
            self._erase(session, caller.tenant, found)
            target = {"collection": name, "subject_id": subject_id, "face_id": face_id}
            append(session, caller.tenant, caller.deed("face.erase", target))
        self._settlement.settle([face.id for face in found])
        return Erased(subjects=0, faces=len(found))

    def subject(self, caller: Caller, name: str, subject_id: str) -> Erased:
        """Erase a subject with all of its faces.

        Raises:
            NotFound: No such collection or subject.
            DependencyUnavailable: As for a face.
        """
        with self._stores.database.write() as session:
            collection = find_collection(session, caller.tenant, name)
            subject = find_subject(session, collection, subject_id, lock=True)
            found = session.scalars(select(Face).where(Face.subject_key == subject.id)).all()
            self._erase(session, caller.tenant, found)
            session.execute(delete(Subject).where(Subject.id == subject.id))
            target = {"collection": name, "subject_id": subject_id}
            append(
                session, caller.tenant, caller.deed("subject.erase", target, details={"faces": len(found)})
            )
        self._settlement.settle([face.id for face in found])
        return Erased(subjects=1, faces=len(found))

    def collection(self, caller: Caller, name: str) -> Erased:
        """Erase a collection with everybody in it.

        Raises:
            NotFound: The tenant has none of this name.
            DependencyUnavailable: As for a face.
        """
        with self._stores.database.write() as session:
            collection = find_collection(session, caller.tenant, name, lock=True)
            subjects = count_of(session, Subject, collection)
            found = session.scalars(select(Face).where(Face.collection_id == collection.id)).all()
            self._erase(session, caller.tenant, found)
            session.execute(delete(Collection).where(Collection.id == collection.id))
            counts = {"subjects": subjects, "faces": len(found)}
            append(
                session,
                caller.tenant,
                caller.deed("collection.erase", {"collection": name}, details=counts),
            )
        self._settlement.settle([face.id for face in found])
        return Erased(collections=1, subjects=subjects, faces=len(found))

    def expired(self, caller: Caller, before: datetime) -> int:
        """Erase a tenant's faces enrolled before a time, and the subjects that have none left; how many faces."""
        with self._stores.database.write() as session:
            tenant = tenants.find(session, caller.tenant)
            query = select(Face).where(Face.tenant_id == tenant, Face.created_at < before)
            found = session.scalars(query).all()
            if not found:
                return 0
            self._erase(session, caller.tenant, found)
            self._drop_empty(session, {face.subject_key for face in found})
            details = {"faces": len(found), "enrolled_before": before.isoformat()}
            append(session, caller.tenant, caller.deed("retention.erase", {}, details=details))
        self._settlement.settle([face.id for face in found])
        return len(found)

    def again(self, ids: Sequence[str]) -> int:
        """Erase faces that were erased before and that a restored backup brought back; how many there were."""
        erased = 0
        for some in chunks(ids):
            with self._stores.database.write() as session:
                query = select(Face, Tenant.name).join(Tenant, Tenant.id == Face.tenant_id)
                rows = session.execute(query.where(Face.id.in_(some))).all()
                found = [face for face, _ in rows]
                for tenant in sorted({name for _, name in rows}):
                    self._erase(session, tenant, [face for face, name in rows if name == tenant])
                self._drop_empty(session, {face.subject_key for face in found})
            self._settlement.settle([face.id for face in found])
            erased += len(found)
        return erased

    def _erase(self, session: Session, tenant: str, faces: Sequence[Face]) -> None:
        self._stores.cache.forget_tenant(tenant)  # first: where that fails nothing else has happened yet
        ids = [face.id for face in faces]
        # Outside of the database before inside: a crash and an older backup could bring the face back otherwise.
        self._stores.tombstones.add(ids)
        insert_all_if_absent(session, Tombstone, [{"id": one} for one in ids])
        write_outbox(session, [to_settle(face, len(face.embedding) // 4) for face in faces])
        for some in chunks(ids):
            session.execute(delete(Face).where(Face.id.in_(some)))

    def _drop_empty(self, session: Session, subjects: set[str]) -> None:
        for some in chunks(sorted(subjects)):
            left = select(Face.subject_key).where(Face.subject_key.in_(some))
            session.execute(delete(Subject).where(Subject.id.in_(some), Subject.id.not_in(left)))
