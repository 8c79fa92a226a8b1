"""What can be chosen about a person who does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Colour = tuple[float, float, float]


class Hair(StrEnum):
    """Ways to wear it."""

    SHORT = "short"
    LONG = "long"
    BUN = "bun"
    CURLS = "curls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Person:
    """Colours are linear red, green and blue in [0, 1]; angles are degrees; 1.0 is an average proportion."""

    skin: Colour
    hair: Colour
    iris: Colour
    cloth: Colour
    style: Hair = Hair.SHORT
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    width: float = 1.0
    jaw: float = 1.0
    nose: float = 1.0
    lips: float = 1.0
    smile: float = 0.5
    lip_tint: float = 0.3
    brows: float = 1.0
    beard: float = 0.0
    age: float = 0.2
    glasses: bool = False
