"""Options that several operations share."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bentos.contracts.face import Box, Landmarks, UnitFloat


class FaceSelection(BaseModel):
    """Which faces of an image count; an unknown option is refused, so that a typo is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    min_score: Annotated[float, Field(ge=0.0, le=1.0, description="Faces below this score are left out.")] = (
        0.6
    )
    min_size: Annotated[
        float, Field(ge=0.0, description="Faces whose shorter side is below this many pixels are left out.")
    ] = 0.0
    max_faces: Annotated[int, Field(ge=0, description="At most this many, best first; 0 for all.")] = 0


class GivenFace(BaseModel):
    """A face that the caller knows already, as an earlier answer gave it; other fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    box: Box
    landmarks: Landmarks
    score: UnitFloat = 1.0


def from_form(value: Any) -> Any:
    """A form field carries JSON as text."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError("is not JSON") from None
    return value


GivenFaces = Annotated[
    tuple[GivenFace, ...],
    BeforeValidator(from_form),
    Field(min_length=1, max_length=100, description="Faces from an earlier answer: detection is skipped."),
]


class FaceOptions(FaceSelection):
    """Which faces to answer for: found here, or given by the caller."""

    faces: GivenFaces | None = None
