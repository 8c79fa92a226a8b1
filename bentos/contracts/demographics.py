"""Age and gender: the answer."""

from __future__ import annotations

from typing import Literal

from bentos.contracts.base import Message
from bentos.contracts.face import Face, UnitFloat


class Gender(Message):
    """A guess from looks, with its probability."""

    label: Literal["female", "male"]
    confidence: UnitFloat


class EstimatedFace(Face):
    """A face with age in years, the interval that holds about 80 % of cases, and gender."""

    age: float
    age_range: tuple[float, float]
    gender: Gender


class EstimateResult(Message):
    """Faces, best score first."""

    faces: list[EstimatedFace]
