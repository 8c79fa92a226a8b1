"""Collections: make, list, look at."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bentos.common import tenants
from bentos.common.audit.caller import Caller
from bentos.common.audit.trail import Deed, append
from bentos.common.cursors import Cursors
from bentos.common.database.conflicts import insert_if_absent
from bentos.common.errors import Conflict
from bentos.contracts import (
    CollectionInfo,
    CollectionPage,
    FaceInfo,
    PageOptions,
    Quality,
    SubjectDetail,
    SubjectInfo,
    SubjectPage,
)
from bentos.face_recognition.gallery.records import count_of, faces_of, find_collection, find_subject, new_id
from bentos.face_recognition.gallery.stores import Stores
from bentos.face_recognition.tables import Collection, Face, Subject
from models.catalogue.card import ModelCard


class Collections:
    """A tenant's collections and who is in them."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def create(self, caller: Caller, name: str) -> CollectionInfo:
        """Make a collection for the running model's embeddings.

        Raises:
            Conflict: There is one of this name.
        """
        with self._stores.database.write() as session:
            if not add_collection(session, caller, name, self._stores.card):
                raise Conflict(f"There is a collection `{name}` already.")
            info = self._info(session, find_collection(session, caller.tenant, name))
            append(session, caller.tenant, creation(caller, name))
            return info

    def one(self, caller: Caller, name: str) -> CollectionInfo:
        """A collection.

        Raises:
            NotFound: The tenant has none of this name.
        """
        with self._stores.database.read() as session:
            return self._info(session, find_collection(session, caller.tenant, name))

    def page(self, caller: Caller, options: PageOptions, cursors: Cursors) -> CollectionPage:
        """The tenant's collections by name."""
        scope = (caller.tenant, "collections")
        with self._stores.database.read() as session:
            query = select(Collection).where(Collection.tenant_id == tenants.find(session, caller.tenant))
            if options.cursor:
                query = query.where(Collection.name > str(cursors.read(scope, options.cursor)[0]))
            found = session.scalars(query.order_by(Collection.name).limit(options.limit + 1)).all()
            shown = found[: options.limit]
            infos = [self._info(session, one) for one in shown]
        more = cursors.sign(scope, [shown[-1].name]) if len(found) > len(shown) else None
        return CollectionPage(collections=infos, next_cursor=more)

    def subjects(self, caller: Caller, name: str, options: PageOptions, cursors: Cursors) -> SubjectPage:
        """Who is in a collection, by name.

        Raises:
            NotFound: The tenant has no such collection.
            InvalidRequest: The cursor is of another listing.
        """
        with self._stores.database.read() as session:
            collection = find_collection(session, caller.tenant, name)
            scope = (caller.tenant, "subjects", collection.id)
            query = select(Subject).where(Subject.collection_id == collection.id)
            if options.cursor:
                query = query.where(Subject.subject_id > str(cursors.read(scope, options.cursor)[0]))
            found = session.scalars(query.order_by(Subject.subject_id).limit(options.limit + 1)).all()
            shown = found[: options.limit]
            infos = _subject_infos(session, shown)
        more = cursors.sign(scope, [shown[-1].subject_id]) if len(found) > len(shown) else None
        return SubjectPage(subjects=infos, next_cursor=more)

    def subject(self, caller: Caller, name: str, subject_id: str) -> SubjectDetail:
        """A subject and its faces.

        Raises:
            NotFound: No such collection, or nobody of this name in it.
        """
        with self._stores.database.read() as session:
            collection = find_collection(session, caller.tenant, name)
            subject = find_subject(session, collection, subject_id)
            faces = [_face_info(face) for face in faces_of(session, subject)]
        return SubjectDetail(
            subject_id=subject.subject_id,
            metadata=subject.details,
            created_at=subject.created_at,
            faces=faces,
        )

    def _info(self, session: Session, collection: Collection) -> CollectionInfo:
        return CollectionInfo(
            name=collection.name,
            created_at=collection.created_at,
            subjects=count_of(session, Subject, collection),
            faces=count_of(session, Face, collection),
            model=collection.model_name,
            model_version=collection.model_version,
            model_digest=collection.model_digest,
            dimension=collection.dimension,
            current=collection.model_digest == self._stores.card.sha256,
        )


def add_collection(session: Session, caller: Caller, name: str, card: ModelCard) -> bool:
    """Add a collection unless there is one of this name; whether it was added."""
    return insert_if_absent(
        session,
        Collection,
        id=new_id(),
        tenant_id=tenants.ensure(session, caller.tenant),
        name=name,
        model_name=card.name,
        model_version=card.version,
        model_digest=card.sha256,
        dimension=card.decoding["dimension"],
    )


def creation(caller: Caller, name: str) -> Deed:
    """The event of a collection that was made."""
    return caller.deed("collection.create", {"collection": name})


def _subject_infos(session: Session, subjects: Sequence[Subject]) -> list[SubjectInfo]:
    ids = [subject.id for subject in subjects]
    query = select(Face.subject_key, func.count()).where(Face.subject_key.in_(ids)).group_by(Face.subject_key)
    counts = dict(session.execute(query).all())
    return [
        SubjectInfo(
            subject_id=subject.subject_id,
            metadata=subject.details,
            faces=counts.get(subject.id, 0),
            created_at=subject.created_at,
        )
        for subject in subjects
    ]


def _face_info(face: Face) -> FaceInfo:
    return FaceInfo(
        face_id=face.face_id,
        quality=Quality.model_validate(face.quality),
        image_digest=face.image_digest,
        created_at=face.created_at,
    )
