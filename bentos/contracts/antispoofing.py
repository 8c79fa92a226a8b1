"""Antispoofing: options and answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bentos.contracts.base import Message
from bentos.contracts.errors import ErrorCode
from bentos.contracts.face import Box, Face, UnitFloat
from bentos.contracts.options import FaceOptions, FaceSelection

Threshold = Annotated[
    float | None, Field(ge=0.0, le=1.0, description="Live at or above this score; the card's if not given.")
]


class CheckOptions(FaceOptions):
    """Options of ``/check``."""

    threshold: Threshold = None


class CheckBatchOptions(FaceSelection):
    """Options of ``/batch``."""

    threshold: Threshold = None


class Attack(Message):
    """Probability of each kind of attack; with ``live`` they add up to 1."""

    print: UnitFloat
    replay: UnitFloat


class CheckedFace(Face):
    """A face with the verdict; ``score`` is the probability that it is live."""

    detection_score: UnitFloat
    live: bool
    attack: Attack | None


class RefusedFace(Message):
    """A face that cannot be judged, and why."""

    box: Box
    code: ErrorCode
    message: str
    reasons: list[str]


class CheckResult(Message):
    """Verdicts, and the faces for which there is none."""

    faces: list[CheckedFace]
    refused: list[RefusedFace] = Field(default_factory=list)
