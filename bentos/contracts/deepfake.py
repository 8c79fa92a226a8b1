"""Deepfake detection on images: the answer."""

from __future__ import annotations

from bentos.contracts.base import Message
from bentos.contracts.face import Face, UnitFloat


class AnalyzedFace(Face):
    """A face with the verdict; ``score`` is the probability that it is forged."""

    detection_score: UnitFloat
    fake: bool


class AnalyzeResult(Message):
    """An image is as suspicious as its most suspicious face."""

    faces: list[AnalyzedFace]
    fake: bool
    score: UnitFloat
