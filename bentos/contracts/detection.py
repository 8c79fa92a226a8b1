"""Face detection: options and answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bentos.contracts.base import Message
from bentos.contracts.face import Face


class DetectOptions(BaseModel):
    """Options of ``/detect`` and ``/batch``; an unknown option is refused, so that a typo is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_score: Annotated[float, Field(ge=0.0, le=1.0, description="Faces below this score are left out.")] = (
        0.6
    )
    min_size: Annotated[
        float, Field(ge=0.0, description="Faces whose shorter side is below this many pixels are left out.")
    ] = 0.0
    max_faces: Annotated[int, Field(ge=0, description="At most this many, best first; 0 for all.")] = 0


class DetectResult(Message):
    """Faces, best score first, in an image of ``width`` x ``height`` upright pixels."""

    width: int
    height: int
    faces: list[Face]
