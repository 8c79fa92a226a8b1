"""The use case: was a face of this image forged."""

from __future__ import annotations

from collections.abc import Sequence

from bentos.common.context import Clock
from bentos.common.face_analysis import FaceAnalysis
from bentos.common.perception import FoundFace
from bentos.contracts import AnalyzedFace, AnalyzeResult, FaceSelection
from models.catalogue.card import ModelCard
from models.errors import NoFace
from models.processing.forgery import forgery_score
from models.runtime.session import Floats


class AnalyzePipeline:
    """Scores every face; the image takes the score of its most suspicious one."""

    def __init__(self, analysis: FaceAnalysis, cards: Sequence[ModelCard]) -> None:
        self._analysis = analysis
        self._cards = cards

    def answer(self, image: bytes, options: FaceSelection, clock: Clock) -> AnalyzeResult:
        """Verdicts on the faces of an image and on the image.

        Raises:
            NoFace: There is no face: these networks judge faces alone.
        """
        with self._analysis.perception.open(image, clock) as picture:
            faces = self._analysis.faces(picture, options, clock)
            if not faces:
                raise NoFace("There is no face in the picture; forgery is judged on faces.")
            outputs = self._analysis.outputs(picture, faces, clock)
        verdicts = [self._verdict(face, output) for face, output in zip(faces, outputs, strict=True)]
        worst = max(verdicts, key=lambda verdict: verdict.score)
        return AnalyzeResult(faces=verdicts, fake=worst.fake, score=worst.score)

    def _verdict(self, face: FoundFace, output: Floats) -> AnalyzedFace:
        score = forgery_score(output, float(max(face.detection.box[2:])), self._cards)
        base = face.to_contract()
        return AnalyzedFace(
            box=base.box,
            score=round(score, 4),
            landmarks=base.landmarks,
            quality=base.quality,
            detection_score=base.score,
            fake=score >= self._cards[0].thresholds["fake"],
        )
