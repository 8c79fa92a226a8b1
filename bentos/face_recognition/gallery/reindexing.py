"""Moving collections to the running model."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bentos.common.audit.caller import Caller
from bentos.common.audit.trail import append
from bentos.common.context import Clock
from bentos.common.database.tables import Tenant
from bentos.common.face_analysis import FaceAnalysis
from bentos.contracts import GivenFace, ReindexReport
from bentos.face_recognition.gallery.records import find_collection, to_bytes, to_settle, write_outbox
from bentos.face_recognition.gallery.settlement import Settlement
from bentos.face_recognition.gallery.stores import Stores
from bentos.face_recognition.tables import Collection, Face, Subject
from models.errors import FaceSocialError

logger = logging.getLogger(__name__)


class Reindexing:
    """Embeds kept pictures with the running model; who has none must be enrolled again."""

    def __init__(self, stores: Stores, analysis: FaceAnalysis, settlement: Settlement) -> None:
        self._stores = stores
        self._analysis = analysis
        self._settlement = settlement

    def tenant(
        self, caller: Caller, dry: bool = False, progress: Callable[[int], None] = lambda count: None
    ) -> ReindexReport:
        """Move all of a tenant's collections that another model made; ``dry`` only says what would happen.

        Faces without a kept picture stay in the database and are found no longer; their subjects are in the report.

        Raises:
            DependencyUnavailable: A store does not answer; collections that are done stay so.
        """
        faces = 0
        again: dict[str, list[str]] = {}
        names = self._outdated(caller.tenant)
        for name in names:
            moved, left = self._collection(caller, name, dry, progress)
            faces += moved
            if left:
                again[name] = left
        return ReindexReport(collections=len(names), faces=faces, enrol_again=again)

    def _outdated(self, tenant: str) -> Sequence[str]:
        query = select(Collection.name).join(Tenant, Tenant.id == Collection.tenant_id)
        query = query.where(Tenant.name == tenant, Collection.model_digest != self._stores.card.sha256)
        with self._stores.database.read() as session:
            return session.scalars(query.order_by(Collection.name)).all()

    def _collection(
        self, caller: Caller, name: str, dry: bool, progress: Callable[[int], None]
    ) -> tuple[int, list[str]]:
        with self._stores.database.read() as session:
            collection = find_collection(session, caller.tenant, name)
            query = select(Face, Subject.subject_id).join(Subject, Subject.id == Face.subject_key)
            rows = session.execute(query.where(Face.collection_id == collection.id)).all()
        fresh: dict[str, bytes] = {}
        for face, _ in rows:
            if (vector := self._embed(face, dry)) is not None:
                fresh[face.id] = vector
            progress(1)
        if not dry:
            self._switch(caller, collection, fresh)
        done = {subject for face, subject in rows if face.id in fresh}
        return len(fresh), sorted({subject for _, subject in rows} - done)

    def _embed(self, face: Face, dry: bool) -> bytes | None:
        png = self._stores.pictures.get(face.id) if face.kept else None
        if png is None or dry:
            return png
        try:
            with self._analysis.perception.open(png, Clock()) as picture:
                given = [GivenFace.model_validate(face.kept)]
                found = self._analysis.perception.given(picture, given, Clock())
                (vector,) = self._analysis.outputs(picture, found, Clock())
        except FaceSocialError as error:
            logger.warning("the kept picture of face %s cannot be used: %s", face.id, error.message)
            return None
        return to_bytes(vector)

    def _switch(self, caller: Caller, collection: Collection, fresh: dict[str, bytes]) -> None:
        card = self._stores.card
        with self._stores.database.write() as session:
            locked = find_collection(session, caller.tenant, collection.name, lock=True)
            entries = self._update_faces(session, locked, fresh)
            write_outbox(session, entries)
            locked.model_name, locked.model_version = card.name, card.version
            locked.model_digest, locked.dimension = card.sha256, self._stores.dimension
            details = {
                "from": collection.model_digest,
                "to": card.sha256,
                "faces": len(fresh),
            }
            target = {"collection": collection.name}
            append(session, caller.tenant, caller.deed("collection.reindex", target, details=details))
        self._settlement.settle(sorted({entry["face"] for entry in entries}))

    def _update_faces(
        self, session: Session, collection: Collection, fresh: dict[str, bytes]
    ) -> list[dict[str, Any]]:
        """Two entries for each face: out of the old model's index, and into the new one's."""
        faces = session.scalars(select(Face).where(Face.collection_id == collection.id)).all()
        entries = [to_settle(face, collection.dimension) for face in faces]
        for face in faces:
            if face.id in fresh:
                face.embedding, face.model_digest = fresh[face.id], self._stores.card.sha256
                entries.append(to_settle(face, self._stores.dimension))
        session.flush()
        return entries
