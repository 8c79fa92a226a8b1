"""The use case: how old a person looks, and of which gender."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from bentos.common.context import Clock
from bentos.common.face_analysis import FaceAnalysis
from bentos.common.perception import FoundFace
from bentos.contracts import EstimatedFace, EstimateResult, FaceSelection, Gender
from models.catalogue.card import ModelCard
from models.processing.demographics import decode_demographics
from models.runtime.session import Floats


class EstimatePipeline:
    """Estimates every face; a picture without one has no estimates."""

    def __init__(self, analysis: FaceAnalysis, cards: Sequence[ModelCard]) -> None:
        self._analysis = analysis
        self._card = cards[0]

    def answer(self, image: bytes, options: FaceSelection, clock: Clock) -> EstimateResult:
        """Estimates for the faces of an image, best score first."""
        with self._analysis.perception.open(image, clock) as picture:
            faces = self._analysis.faces(picture, options, clock)
            outputs = self._analysis.outputs(picture, faces, clock)
        return EstimateResult(faces=[self._estimate(*pair) for pair in zip(faces, outputs, strict=True)])

    def _estimate(self, face: FoundFace, output: Floats) -> EstimatedFace:
        found = decode_demographics(output, self._card)
        base = face.to_contract()
        return EstimatedFace(
            box=base.box,
            score=base.score,
            landmarks=base.landmarks,
            quality=base.quality,
            age=round(found.age, 1),
            age_range=(round(found.low, 1), round(found.high, 1)),
            gender=Gender(
                label=cast(Literal["female", "male"], found.gender), confidence=round(found.confidence, 4)
            ),
        )
