"""What is looked at after a restore and in a drill: whether what came back is what was there."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bentos.common.audit import chain
from bentos.common.settings import Settings
from bentos.face_recognition.gallery.records import to_vector
from bentos.face_recognition.tables import Collection, Face
from bentos.face_recognition.vectors.base import VectorIndex
from bentos.face_recognition.vectors.milvus import MilvusIndex
from deploy.local import keeping
from deploy.local.backup.manifest import Truth
from deploy.local.backup.truth import differences, truth_of
from deploy.local.opening import opened
from deploy.local.schema import revisions

SAMPLE = 50
NEAREST = 10
SAME = 0.999
TIE = 1e-4


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and whether that is as it should be."""

    what: str
    found: str
    good: bool


def truth(settings: Settings, wanted: Truth) -> Finding:
    """Whether the database holds what it held when the backup was made; right after it was loaded."""
    with opened(settings, upgraded=False) as database, database.read(snapshot=True) as session:
        found = truth_of(session, database, revisions(database))
    wrong = differences(wanted, found)
    counts = f"{found.counts['faces']} faces, {found.counts['audit_events']} audit events, as they were"
    return Finding("rows", "; ".join(wrong) or counts, not wrong)


def gallery(settings: Settings) -> Finding:
    """Whether index and kept pictures are what the database says."""
    found = keeping.verify(settings)
    fields = {name: value for name, value in found.model_dump().items() if name != "clean" and value}
    said = ", ".join(f"{name} {value}" for name, value in fields.items()) or "empty"
    return Finding("gallery", said, found.clean)


def audit(settings: Settings) -> Finding:
    """Whether all audit chains hold."""
    with opened(settings, upgraded=False) as database, database.read(snapshot=True) as session:
        reports = list(chain.verify_all(session))
    broken = [report for report in reports if report.fault is not None]
    events = sum(report.events for report in reports)
    said = (
        f"{len(reports)} chains of {events} events hold" if not broken else f"{len(broken)} chains are broken"
    )
    return Finding("audit", said, not broken)


def searches(settings: Settings, sample: int = SAMPLE) -> Finding:
    """Whether faces of a random sample find themselves, in their own collection, by their own embedding."""
    with opened(settings, upgraded=False) as database, database.read() as session:
        faces = list(_sample(session, sample))
    missed = 0
    for digest in {face.model_digest for face in faces}:
        some = [face for face in faces if face.model_digest == digest]
        index = MilvusIndex(settings.vectors, digest, len(to_vector(some[0].embedding)))
        try:
            missed += sum(not _finds_itself(index, face) for face in some)
        finally:
            index.close()
    return Finding("searches", f"{len(faces) - missed} of {len(faces)} faces find themselves", not missed)


def _sample(session: Session, count: int) -> Iterator[Face]:
    """The first faces from random ids on: a sort by chance would read the whole table."""
    seen: set[str] = set()
    for _ in range(count):
        query = select(Face).join(Collection, Collection.id == Face.collection_id)
        query = query.where(Face.model_digest == Collection.model_digest).order_by(Face.id).limit(1)
        face = session.scalar(query.where(Face.id >= secrets.token_hex(16))) or session.scalar(query)
        if face is not None and face.id not in seen:
            seen.add(face.id)
            yield face


def _finds_itself(index: VectorIndex, face: Face) -> bool:
    """Another face with the same embedding may come before it."""
    hits = index.search(face.tenant_id, face.collection_id, to_vector(face.embedding), NEAREST)
    same = [hit.id for hit in hits if hit.similarity >= SAME and hit.similarity >= hits[0].similarity - TIE]
    return face.id in same or len(same) == NEAREST
