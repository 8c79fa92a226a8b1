"""Identifying: which subjects of a collection a face may be."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bentos.common.audit.caller import Audited, Caller
from bentos.common.context import Clock
from bentos.common.face_analysis import FaceAnalysis
from bentos.contracts import Duplicate, Face, IdentifiedFace, IdentifyOptions, IdentifyResult, Match
from bentos.face_recognition import tables
from bentos.face_recognition.gallery.following import Following
from bentos.face_recognition.gallery.records import chunks, find_collection, require_current
from bentos.face_recognition.gallery.stores import Stores
from bentos.face_recognition.tables import Collection, Subject
from bentos.face_recognition.vectors.base import Hit
from models.processing.calibration import threshold_at_far
from models.runtime.session import Floats

FIRST_HITS = 32
MOST_HITS = 4096
LOOKALIKES = 3
LOOKALIKE_FAR = 0.0001


class Identification:
    """Searches the index and believes only what the database confirms."""

    def __init__(self, stores: Stores, analysis: FaceAnalysis, following: Following) -> None:
        self._stores = stores
        self._analysis = analysis
        self._following = following

    def identify(
        self, caller: Caller, name: str, image: bytes, options: IdentifyOptions, clock: Clock
    ) -> IdentifyResult:
        """Matches of each face of a picture, at or above the card's threshold for the wanted false-accept rate.

        Raises:
            NotFound: No such collection.
            Conflict: It was enrolled with another model.
            DependencyUnavailable: A store does not answer.
        """
        collection = self._collection(caller, name)
        with self._analysis.perception.open(image, clock) as picture:
            faces = self._analysis.faces(picture, options, clock)
            vectors = self._analysis.outputs(picture, faces, clock)
        threshold = threshold_at_far(self._stores.card.thresholds, options.far)
        with clock.step("infer"):
            self._following.catch_up()
            matches = [self.matches(collection, vector, threshold, options.top_k) for vector in vectors]
        details = {"faces": len(faces), "matched": sum(map(bool, matches))}
        Audited(self._stores.database, caller, "identify", {"collection": name}, details).note()
        found = [_identified(face.to_contract(), each) for face, each in zip(faces, matches, strict=True)]
        return IdentifyResult(faces=found, threshold=threshold)

    def matches(
        self, collection: Collection, vector: Floats, threshold: float, limit: int, but: str | None = None
    ) -> list[Match]:
        """The most similar face of each subject that is similar enough, best first; without subject ``but``.

        Several faces of one subject, and vectors of faces that are being erased at this moment, take up hits: as
        long as too few subjects came out and more hits could bring some, more are asked for.
        """
        wanted = max(FIRST_HITS, 4 * limit)
        while True:
            hits = self._stores.index.search(collection.tenant_id, collection.id, vector, wanted)
            good = [hit for hit in hits if hit.similarity >= threshold]
            found = [one for one in self._confirmed(collection, good) if one.subject_id != but]
            if len(found) >= limit or len(good) < wanted or wanted >= MOST_HITS:
                return found[:limit]
            wanted *= 4

    def lookalikes(self, caller: Caller, name: str, subject_id: str, vector: Floats) -> list[Duplicate]:
        """Other subjects that look like one just enrolled: perhaps the same person under two names."""
        collection = self._collection(caller, name)
        threshold = threshold_at_far(self._stores.card.thresholds, LOOKALIKE_FAR)
        self._following.catch_up()
        found = self.matches(collection, vector, threshold, LOOKALIKES, but=subject_id)
        return [
            Duplicate(subject_id=one.subject_id, face_id=one.face_id, similarity=one.similarity)
            for one in found
        ]

    def _collection(self, caller: Caller, name: str) -> Collection:
        with self._stores.database.read() as session:
            collection = find_collection(session, caller.tenant, name)
        require_current(collection, self._stores.card)
        return collection

    def _confirmed(self, collection: Collection, hits: Sequence[Hit]) -> list[Match]:
        """Hits whose faces are in the database, one for each subject, in the order of the hits."""
        rows: dict[str, tuple[str, Subject]] = {}
        with self._stores.database.read() as session:
            for some in chunks([hit.id for hit in hits]):
                query = select(tables.Face.id, tables.Face.face_id, Subject)
                query = query.join(Subject, Subject.id == tables.Face.subject_key)
                query = query.where(tables.Face.id.in_(some), tables.Face.collection_id == collection.id)
                rows.update({key: (face_id, subject) for key, face_id, subject in session.execute(query)})
        best: dict[str, Match] = {}
        for hit in hits:
            if hit.id in rows:
                face_id, subject = rows[hit.id]
                best.setdefault(subject.id, _match(hit, face_id, subject))
        return list(best.values())


def _match(hit: Hit, face_id: str, subject: Subject) -> Match:
    return Match(
        subject_id=subject.subject_id,
        face_id=face_id,
        similarity=round(hit.similarity, 6),
        metadata=subject.details,
    )


def _identified(face: Face, matches: list[Match]) -> IdentifiedFace:
    return IdentifiedFace(
        box=face.box, score=face.score, landmarks=face.landmarks, quality=face.quality, matches=matches
    )
