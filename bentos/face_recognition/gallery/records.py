"""Finding rows: always by tenant, so that what belongs to another one is not there."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from bentos.common import tenants
from bentos.common.errors import Conflict, NotFound
from bentos.face_recognition.tables import Change, Collection, Face, OutboxEntry, Subject
from models.catalogue.card import ModelCard
from models.runtime.session import Floats

CHUNK = 500
"""Rows a statement: SQLite takes 32,766 parameters, and a transaction should stay short."""


def new_id() -> str:
    """A random id."""
    return uuid.uuid4().hex


def to_bytes(vector: Floats) -> bytes:
    """An embedding as it is stored: float32, little-endian."""
    return np.asarray(vector, "<f4").tobytes()


def to_vector(data: bytes) -> Floats:
    """A stored embedding."""
    return np.frombuffer(data, "<f4").astype(np.float32)


def chunks(items: Sequence[str], size: int = CHUNK) -> list[Sequence[str]]:
    """Parts of a list, small enough for one statement."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def find_collection(session: Session, tenant: str, name: str, lock: bool = False) -> Collection:
    """A tenant's collection; ``lock`` keeps others from adding to it or erasing it until the transaction ends.

    Raises:
        NotFound: The tenant has none of this name.
    """
    owner = tenants.find(session, tenant)
    query = select(Collection).where(Collection.tenant_id == owner, Collection.name == name)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound(f"There is no collection `{name}`; `POST /collections` makes one.")
    return found


def find_subject(session: Session, collection: Collection, subject_id: str, lock: bool = False) -> Subject:
    """A subject of a collection.

    Raises:
        NotFound: It has none of this name.
    """
    query = select(Subject).where(Subject.collection_id == collection.id, Subject.subject_id == subject_id)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound(f"There is no subject `{subject_id}` in `{collection.name}`.")
    return found


def require_current(collection: Collection, card: ModelCard) -> None:
    """Raise unless the running model made the collection's embeddings: those of two models do not compare.

    Raises:
        Conflict: Another one did; the message says what to do.
    """
    if collection.model_digest != card.sha256:
        raise Conflict(
            f"The faces of `{collection.name}` were enrolled with {collection.model_name} "
            f"{collection.model_version}, and this service runs {card.name} {card.version}: their embeddings do not "
            "compare. `facesocial gallery reindex` embeds them again where pictures were kept.",
            {"enrolled_with": collection.model_digest, "running": card.sha256},
        )


def faces_of(session: Session, subject: Subject) -> Sequence[Face]:
    """A subject's faces, oldest first."""
    query = select(Face).where(Face.subject_key == subject.id).order_by(Face.created_at, Face.id)
    return session.scalars(query).all()


def count_of(session: Session, table: type[Subject] | type[Face], collection: Collection) -> int:
    """Subjects or faces of a collection."""
    query = select(func.count()).select_from(table).where(table.collection_id == collection.id)
    return session.scalar(query) or 0


def to_settle(face: Face, dimension: int) -> dict[str, Any]:
    """What the outbox and the changes say of a face: its vector has yet to follow the truth."""
    return {
        "face": face.id,
        "tenant_id": face.tenant_id,
        "model_digest": face.model_digest,
        "dimension": dimension,
    }


def write_outbox(session: Session, entries: Sequence[Mapping[str, Any]]) -> None:
    """Have these faces settled here, and followed by replicas whose index is their own."""
    if entries:
        session.execute(insert(OutboxEntry), [{**entry, "attempts": 0} for entry in entries])
        session.execute(insert(Change), [*entries])
