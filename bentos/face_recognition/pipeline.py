"""The use cases: what a face looks like in numbers, and whether two faces are one person's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from bentos.common.context import Clock
from bentos.common.face_analysis import FaceAnalysis
from bentos.common.perception import FoundFace
from bentos.contracts import (
    EmbeddedFace,
    EmbedResult,
    FaceSelection,
    GivenFace,
    VerifyOptions,
    VerifyResult,
)
from bentos.face_recognition.faces import only
from models.catalogue.card import ModelCard
from models.processing.calibration import platt, threshold_at_far
from models.processing.similarity import cosine
from models.runtime.session import Floats

KnownFace = tuple[FoundFace, Floats]
"""A face and its embedding."""


class EmbedPipeline:
    """Embeds every face of a picture."""

    def __init__(self, analysis: FaceAnalysis, cards: Sequence[ModelCard]) -> None:
        self._analysis = analysis
        self._card = cards[0]

    def answer(self, image: bytes, options: FaceSelection, clock: Clock) -> EmbedResult:
        """Embeddings of the faces of an image, best score first."""
        with self._analysis.perception.open(image, clock) as picture:
            faces = self._analysis.faces(picture, options, clock)
            vectors = self._analysis.outputs(picture, faces, clock)
        embedded = [_embedded(face, vector) for face, vector in zip(faces, vectors, strict=True)]
        return EmbedResult(faces=embedded, dimension=cast(int, self._card.decoding["dimension"]))


class VerifyPipeline:
    """Compares the one face of each of two pictures."""

    def __init__(self, analysis: FaceAnalysis, cards: Sequence[ModelCard]) -> None:
        self._analysis = analysis
        self._card = cards[0]

    def only_face(
        self,
        name: str,
        image: bytes,
        selection: FaceSelection,
        given: Sequence[GivenFace] | None,
        clock: Clock,
    ) -> KnownFace:
        """The one face of a picture, and its embedding.

        Raises:
            NoFace: It shows none; ``details`` says which picture it is.
            MultipleFaces: It shows several.
        """
        with self._analysis.perception.open(image, clock) as picture:
            faces = self._analysis.faces_of(picture, selection, given, clock)
            face = only(name, faces)
            (vector,) = self._analysis.outputs(picture, [face], clock)
        return face, vector

    def compare(self, a: KnownFace, b: KnownFace, options: VerifyOptions) -> VerifyResult:
        """Similarity, and whether it is above the card's threshold for the wanted false-accept rate."""
        (face_a, vector_a), (face_b, vector_b) = a, b
        similarity = cosine(vector_a, vector_b)
        threshold = threshold_at_far(self._card.thresholds, options.far)
        calibration = self._card.calibration
        assert calibration is not None
        return VerifyResult(
            similarity=round(similarity, 6),
            threshold=threshold,
            match=similarity >= threshold,
            probability=round(float(platt(similarity, calibration.slope, calibration.intercept)), 6),
            face_a=face_a.to_contract(),
            face_b=face_b.to_contract(),
        )


def _embedded(face: FoundFace, vector: Floats) -> EmbeddedFace:
    base = face.to_contract()
    return EmbeddedFace(
        box=base.box,
        score=base.score,
        landmarks=base.landmarks,
        quality=base.quality,
        embedding=vector.tolist(),
    )
