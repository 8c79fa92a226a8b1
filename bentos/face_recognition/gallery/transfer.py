"""Taking a collection out and bringing it in again, without loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from bentos.common.audit.caller import Audited, Caller
from bentos.common.audit.trail import append
from bentos.common.errors import Conflict
from bentos.contracts import Imported, Quality
from bentos.face_recognition.gallery.collections import add_collection, creation
from bentos.face_recognition.gallery.lines import (
    End,
    FaceLine,
    Head,
    Parsed,
    SubjectLine,
    dump,
    encode,
    parse,
)
from bentos.face_recognition.gallery.records import (
    CHUNK,
    chunks,
    count_of,
    find_collection,
    new_id,
    require_current,
    write_outbox,
)
from bentos.face_recognition.gallery.settlement import Settlement
from bentos.face_recognition.gallery.stores import Stores
from bentos.face_recognition.tables import Collection, Face, Subject


class Transfer:
    """Exports and imports."""

    def __init__(self, stores: Stores, settlement: Settlement) -> None:
        self._stores = stores
        self._settlement = settlement

    def export(self, caller: Caller, name: str) -> Iterator[bytes]:
        """A collection's lines, all of one moment; that it was taken out is in the audit chain before the first.

        Raises:
            NotFound: No such collection; raised at the call, not while it is read.
        """
        with self._stores.database.read() as session:
            collection = find_collection(session, caller.tenant, name)
            counts = {
                "subjects": count_of(session, Subject, collection),
                "faces": count_of(session, Face, collection),
            }
        Audited(self._stores.database, caller, "collection.export", {"collection": name}, {**counts}).note()
        return self._lines(collection)

    def _lines(self, collection: Collection) -> Iterator[bytes]:
        subjects = faces = 0
        with self._stores.database.read(snapshot=True) as session:
            yield dump(_head(collection))
            query = select(Subject).where(Subject.collection_id == collection.id).order_by(Subject.subject_id)
            for some in session.scalars(query.execution_options(yield_per=CHUNK)).partitions():
                names = {subject.id: subject.subject_id for subject in some}
                for subject in some:
                    subjects += 1
                    yield dump(_subject_line(subject))
                chosen = select(Face).where(Face.subject_key.in_(names))
                for face in session.scalars(chosen.order_by(Face.subject_key, Face.created_at, Face.id)):
                    faces += 1
                    yield dump(_face_line(face, names[face.subject_key]))
                session.expunge_all()
            yield dump(End(subjects=subjects, faces=faces))

    def bring_in(self, caller: Caller, name: str, lines: Iterable[bytes]) -> Imported:
        """Add what a file holds; the collection is made where there is none. All of it or nothing.

        A face whose ``face_id`` is in the collection already is left as it is and counted as skipped.

        Raises:
            InvalidRequest: A line does not fit.
            Conflict: The file's or the collection's embeddings are another model's.
            DependencyUnavailable: A store does not answer; as for an enrolment.
        """
        parsed = parse(lines)
        self._require_model(parsed.head)
        with self._stores.database.write() as session:
            added = add_collection(session, caller, name, self._stores.card)
            collection = find_collection(session, caller.tenant, name, lock=True)
            require_current(collection, self._stores.card)
            keys = _write_subjects(session, collection, parsed.subjects)
            fresh = _write_faces(session, collection, keys, parsed)
            counts = {"subjects": len(keys), "faces": len(fresh), "skipped": len(parsed.faces) - len(fresh)}
            if added:
                append(session, caller.tenant, creation(caller, name))
            append(
                session,
                caller.tenant,
                caller.deed("collection.import", {"collection": name}, details=counts),
            )
        self._settlement.settle(fresh)
        if len(fresh) > CHUNK:
            self._stores.index.flush()
        return Imported(**counts)

    def _require_model(self, head: Head) -> None:
        card = self._stores.card
        if head.model_digest != card.sha256 or head.dimension != self._stores.dimension:
            raise Conflict(
                f"The file's embeddings were made by {head.model} {head.model_version}, and this service runs "
                f"{card.name} {card.version}: they do not compare. Enrol from pictures instead.",
                {"file": head.model_digest, "running": card.sha256},
            )


def _write_subjects(
    session: Session, collection: Collection, subjects: Mapping[str, SubjectLine]
) -> dict[str, str]:
    """Keys of the subjects by name, those that are new added."""
    known: dict[str, str] = {}
    for some in chunks(list(subjects)):
        query = select(Subject.subject_id, Subject.id)
        query = query.where(Subject.collection_id == collection.id, Subject.subject_id.in_(some))
        known.update(session.execute(query).all())
    fresh = {name: new_id() for name in subjects if name not in known}
    rows = [_subject_row(collection, fresh[name], subjects[name]) for name in fresh]
    if rows:
        session.execute(insert(Subject), rows)
    return {**known, **fresh}


def _write_faces(
    session: Session, collection: Collection, keys: Mapping[str, str], parsed: Parsed
) -> list[str]:
    """Internal ids of the faces that were added."""
    known: set[str] = set()
    for some in chunks([face.face_id for face, _ in parsed.faces]):
        query = select(Face.face_id).where(Face.collection_id == collection.id, Face.face_id.in_(some))
        known.update(session.scalars(query))
    rows = [
        _face_row(collection, keys[face.subject_id], face, vector)
        for face, vector in parsed.faces
        if face.face_id not in known
    ]
    if rows:
        session.execute(insert(Face), rows)
        write_outbox(session, [_to_settle(collection, row["id"]) for row in rows])
    return [row["id"] for row in rows]


def _head(collection: Collection) -> Head:
    return Head(
        name=collection.name,
        model=collection.model_name,
        model_version=collection.model_version,
        model_digest=collection.model_digest,
        dimension=collection.dimension,
    )


def _subject_line(subject: Subject) -> SubjectLine:
    return SubjectLine(subject_id=subject.subject_id, metadata=subject.details, created_at=subject.created_at)


def _face_line(face: Face, subject_id: str) -> FaceLine:
    return FaceLine(
        subject_id=subject_id,
        face_id=face.face_id,
        embedding=encode(face.embedding),
        quality=Quality.model_validate(face.quality),
        created_at=face.created_at,
    )


def _subject_row(collection: Collection, key: str, line: SubjectLine) -> dict[str, Any]:
    return {
        "id": key,
        "tenant_id": collection.tenant_id,
        "collection_id": collection.id,
        "subject_id": line.subject_id,
        "details": line.metadata,
        "created_at": line.created_at,
    }


def _face_row(collection: Collection, subject: str, line: FaceLine, vector: bytes) -> dict[str, Any]:
    return {
        "id": new_id(),
        "tenant_id": collection.tenant_id,
        "collection_id": collection.id,
        "subject_key": subject,
        "face_id": line.face_id,
        "embedding": vector,
        "model_digest": collection.model_digest,
        "quality": line.quality.model_dump(),
        "image_digest": None,
        "kept": None,
        "request_key": None,
        "created_at": line.created_at,
    }


def _to_settle(collection: Collection, face: str) -> dict[str, Any]:
    return {
        "face": face,
        "tenant_id": collection.tenant_id,
        "model_digest": collection.model_digest,
        "dimension": collection.dimension,
    }
