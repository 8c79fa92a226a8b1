"""Enrolling: one face of one picture becomes a row, then a vector, then an answer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bentos.common import tenants
from bentos.common.audit.caller import Caller
from bentos.common.audit.trail import append
from bentos.common.context import Clock
from bentos.common.database.conflicts import insert_if_absent
from bentos.common.errors import Conflict, DependencyUnavailable, NotFound
from bentos.common.face_analysis import FaceAnalysis
from bentos.common.settings import GallerySettings
from bentos.contracts import Enrolled, FaceSelection, GivenFace, Quality
from bentos.face_recognition.faces import only
from bentos.face_recognition.gallery.identification import Identification
from bentos.face_recognition.gallery.pictures import KeptFace, cut_out
from bentos.face_recognition.gallery.records import (
    find_collection,
    find_subject,
    new_id,
    require_current,
    to_bytes,
    to_settle,
    write_outbox,
)
from bentos.face_recognition.gallery.settlement import Settlement
from bentos.face_recognition.gallery.stores import Stores
from bentos.face_recognition.tables import Collection, Face, Subject
from models.errors import LowQuality
from models.runtime.session import Floats

TRIES = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be enrolled.

    Attributes:
        metadata: The subject's; None leaves it as it is.
        given: Faces that the caller knows already.
        key: Digest of the caller's idempotency key, if it sent one.
    """

    subject_id: str
    image: bytes
    selection: FaceSelection
    given: Sequence[GivenFace] | None = None
    metadata: dict[str, Any] | None = None
    key: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the picture."""
        return hashlib.sha256(self.image).hexdigest()


@dataclass(frozen=True, slots=True)
class Seen:
    """The face of a picture, good enough to be enrolled."""

    quality: Quality
    vector: Floats
    kept: KeptFace | None


class Enrolment:
    """Adds faces to subjects."""

    def __init__(
        self,
        stores: Stores,
        analysis: FaceAnalysis,
        settlement: Settlement,
        identification: Identification,
    ) -> None:
        self._stores = stores
        self._analysis = analysis
        self._settlement = settlement
        self._identification = identification

    def enrol(self, caller: Caller, name: str, wish: Wish, clock: Clock) -> Enrolled:
        """Enrol the one face of a picture; searchable when this returns.

        Raises:
            NotFound: No such collection.
            NoFace: The picture shows none.
            MultipleFaces: It shows several.
            LowQuality: The face is too poor; ``details`` holds the reasons.
            Conflict: The collection is another model's, or the idempotency key was used for something else.
            DependencyUnavailable: A store does not answer. The face may be in the database by then; a retry with
                the same idempotency key does not add it twice.
        """
        if (done := self._done_before(caller, name, wish)) is not None:
            return done
        with self._stores.database.read() as session:
            collection = find_collection(session, caller.tenant, name)
            require_current(collection, self._stores.card)
            policy = tenants.policy(session, collection.tenant_id, self._stores.settings)
        seen = self._look(wish, policy.keep_images, clock)
        face = self._store(caller, name, wish, seen)
        self._settlement.settle([face.id])
        duplicates = self._identification.lookalikes(caller, name, wish.subject_id, seen.vector)
        return Enrolled(
            subject_id=wish.subject_id, face_id=face.face_id, quality=seen.quality, duplicates=duplicates
        )

    def _done_before(self, caller: Caller, name: str, wish: Wish) -> Enrolled | None:
        if wish.key is None:
            return None
        with self._stores.database.read() as session:
            face = _by_key(session, caller, wish)
            if face is None:
                return None
            _require_same(session, caller, name, wish, face)
        self._settlement.settle([face.id])
        quality = Quality.model_validate(face.quality)
        return Enrolled(subject_id=wish.subject_id, face_id=face.face_id, quality=quality)

    def _look(self, wish: Wish, keep: bool, clock: Clock) -> Seen:
        with self._analysis.perception.open(wish.image, clock) as picture:
            face = only("image", self._analysis.faces_of(picture, wish.selection, wish.given, clock))
            quality = face.to_contract().quality
            require_quality(quality, self._stores.settings)
            (vector,) = self._analysis.outputs(picture, [face], clock)
            return Seen(quality, vector, cut_out(picture, face) if keep else None)

    def _store(self, caller: Caller, name: str, wish: Wish, seen: Seen) -> Face:
        """In one transaction: face, outbox entry, audit event; tried again where another one was quicker."""
        for _ in range(TRIES):
            face_id = new_id()
            try:
                with self._stores.database.write() as session:
                    if wish.key and (known := _by_key(session, caller, wish)):
                        _require_same(session, caller, name, wish, known)
                        return known
                    return self._add(session, caller, name, wish, seen, face_id)
            except (
                IntegrityError
            ):  # the subject was erased, or the same request was answered, at this very moment
                self._stores.pictures.delete(face_id)
        raise DependencyUnavailable(
            f"`{wish.subject_id}` is being changed by others again and again; try again.",
            {"dependency": "database"},
        )

    def _add(self, session: Session, caller: Caller, name: str, wish: Wish, seen: Seen, face_id: str) -> Face:
        collection = find_collection(session, caller.tenant, name)
        require_current(collection, self._stores.card)
        subject = ensure_subject(session, collection, wish.subject_id, wish.metadata)
        face = Face(
            id=face_id,
            tenant_id=collection.tenant_id,
            collection_id=collection.id,
            subject_key=subject.id,
            face_id=face_id,
            embedding=to_bytes(seen.vector),
            model_digest=collection.model_digest,
            quality=seen.quality.model_dump(),
            image_digest=wish.digest,
            kept=seen.kept.place if seen.kept else None,
            request_key=wish.key,
        )
        if seen.kept:
            self._stores.pictures.put(face_id, seen.kept.png)
        session.add(face)
        session.flush()
        write_outbox(session, [to_settle(face, collection.dimension)])
        target = {"collection": name, "subject_id": wish.subject_id, "face_id": face_id}
        append(session, caller.tenant, caller.deed("face.enrol", target))
        return face


def ensure_subject(
    session: Session, collection: Collection, subject_id: str, metadata: dict[str, Any] | None
) -> Subject:
    """The subject, new or known; metadata that is given replaces what was there."""
    insert_if_absent(
        session,
        Subject,
        id=new_id(),
        tenant_id=collection.tenant_id,
        collection_id=collection.id,
        subject_id=subject_id,
        details=metadata or {},
    )
    subject = find_subject(session, collection, subject_id)
    if metadata is not None:
        subject.details = metadata
    return subject


def require_quality(quality: Quality, settings: GallerySettings) -> None:
    """Refuse a face that would not be recognised later.

    Raises:
        LowQuality: ``details`` holds the reasons, what was measured and what is needed.
    """
    failed = {
        "too_small": quality.size < settings.min_size,
        "score": quality.score < settings.min_quality,
    }
    reasons = [reason for reason, holds in failed.items() if holds]
    if not reasons:
        return
    if failed["score"]:
        reasons = [reason for reason in reasons if reason != "score"] + _weakest(quality)
    raise LowQuality(
        f"The face is too poor to enrol ({', '.join(reasons)}): its quality is {quality.score:.2f} of at least "
        f"{settings.min_quality:.2f}, its shorter side {quality.size:.0f} of at least {settings.min_size:.0f} pixels.",
        {
            "reasons": reasons,
            "quality": quality.model_dump(),
            "needed": {"score": settings.min_quality, "size": settings.min_size},
        },
    )


def _weakest(quality: Quality) -> list[str]:
    """Why the score is low, by the terms that make it (``models.processing.quality.measure``)."""
    terms = {
        "blurred": quality.sharpness < 0.35,
        "too_dark": quality.brightness < 0.1,
        "too_bright": quality.brightness > 0.9,
        "turned_away": abs(quality.yaw) > 45 or abs(quality.pitch) > 45,
    }
    return [reason for reason, holds in terms.items() if holds] or ["low_quality"]


def _by_key(session: Session, caller: Caller, wish: Wish) -> Face | None:
    tenant = tenants.find(session, caller.tenant)
    return session.scalar(select(Face).where(Face.tenant_id == tenant, Face.request_key == wish.key))


def _require_same(session: Session, caller: Caller, name: str, wish: Wish, face: Face) -> None:
    try:
        collection = find_collection(session, caller.tenant, name)
        subject = find_subject(session, collection, wish.subject_id)
        same = face.subject_key == subject.id and face.image_digest == wish.digest
    except NotFound:
        same = False
    if not same:
        raise Conflict("This Idempotency-Key was used for another request; take a new one for each.")
