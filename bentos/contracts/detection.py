"""Face detection: options and answer."""

from __future__ import annotations

from bentos.contracts.base import Message
from bentos.contracts.face import Face
from bentos.contracts.options import FaceSelection


class DetectOptions(FaceSelection):
    """Options of ``/detect`` and ``/batch``."""


class DetectResult(Message):
    """Faces, best score first, in an image of ``width`` x ``height`` upright pixels."""

    width: int
    height: int
    faces: list[Face]
