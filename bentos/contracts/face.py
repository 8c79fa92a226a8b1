"""A face, as every service reports it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bentos.contracts.base import Message

Point = tuple[float, float]
UnitFloat = Annotated[float, Field(ge=0.0, le=1.0)]


class Box(Message):
    """A rectangle in pixels of the upright image, origin top left; it may reach over the border."""

    x: float
    y: float
    width: Annotated[float, Field(gt=0)]
    height: Annotated[float, Field(gt=0)]


class Landmarks(Message):
    """Five points in pixels; left and right as seen in the picture."""

    left_eye: Point
    right_eye: Point
    nose: Point
    mouth_left: Point
    mouth_right: Point


class Quality(Message):
    """Measured quality. ``size`` is the box's shorter side in pixels, angles are degrees.

    ``yaw`` is positive with the nose towards the right of the picture, ``pitch`` with the face up,
    ``roll`` with the head turned clockwise in the picture.
    """

    score: UnitFloat
    sharpness: UnitFloat
    brightness: UnitFloat
    size: float
    yaw: float
    pitch: float
    roll: float


class Face(Message):
    """One face."""

    box: Box
    score: UnitFloat
    landmarks: Landmarks
    quality: Quality
