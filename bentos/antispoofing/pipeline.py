"""The use case: is this a person before the camera, or a picture of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from bentos.common.context import Clock
from bentos.common.face_analysis import FaceAnalysis
from bentos.common.http_errors import body_of
from bentos.common.perception import FoundFace, Picture
from bentos.contracts import (
    Attack,
    CheckBatchOptions,
    CheckedFace,
    CheckOptions,
    CheckResult,
    RefusedFace,
)
from models.catalogue.card import ModelCard
from models.errors import LowQuality, NoFace
from models.processing.liveness import decode_liveness
from models.processing.visibility import require_visible
from models.runtime.session import Floats


class CheckPipeline:
    """Judges every face that is large and whole enough, and says why it does not judge the others."""

    def __init__(self, analysis: FaceAnalysis, cards: Sequence[ModelCard]) -> None:
        self._analysis = analysis
        self._cards = cards

    def answer(self, image: bytes, options: CheckOptions | CheckBatchOptions, clock: Clock) -> CheckResult:
        """Verdicts on the faces of an image.

        Raises:
            NoFace: There is no face to judge.
            LowQuality: None of the faces can be judged; ``details`` holds the reasons.
        """
        threshold = self._cards[0].thresholds["live"] if options.threshold is None else options.threshold
        with self._analysis.perception.open(image, clock) as picture:
            faces = self._analysis.faces(picture, options, clock)
            judged, refused = self._split(picture, faces)
            outputs = self._analysis.outputs(picture, judged, clock)
        verdicts = [self._verdict(face, out, threshold) for face, out in zip(judged, outputs, strict=True)]
        return CheckResult(faces=verdicts, refused=refused)

    def _split(
        self, picture: Picture, faces: Sequence[FoundFace]
    ) -> tuple[list[FoundFace], list[RefusedFace]]:
        if not faces:
            raise NoFace("There is no face in the picture; liveness is judged on faces.")
        judged: list[FoundFace] = []
        refusals: list[tuple[FoundFace, LowQuality]] = []
        size = (picture.decoded.width, picture.decoded.height)
        for face in faces:
            try:
                require_visible(face.detection.box, size, self._rules)
                judged.append(face)
            except LowQuality as error:
                refusals.append((face, error))
        if not judged:
            raise refusals[0][1]
        return judged, [_refusal(face, error) for face, error in refusals]

    @property
    def _rules(self) -> dict[str, float]:
        return cast(dict[str, float], self._cards[0].decoding["visible"])

    def _verdict(self, face: FoundFace, output: Floats, threshold: float) -> CheckedFace:
        liveness = decode_liveness(output, self._cards)
        base = face.to_contract()
        return CheckedFace(
            box=base.box,
            score=round(min(1.0, liveness.live), 4),
            landmarks=base.landmarks,
            quality=base.quality,
            detection_score=base.score,
            live=liveness.live >= threshold,
            attack=Attack(
                print=round(liveness.attacks["print"], 4), replay=round(liveness.attacks["replay"], 4)
            ),
        )


def _refusal(face: FoundFace, error: LowQuality) -> RefusedFace:
    body = body_of(error)
    reasons = [str(reason) for reason in cast(list[object], error.details.get("reasons", []))]
    return RefusedFace(box=face.to_contract().box, code=body.code, message=body.message, reasons=reasons)
