"""The faces of the training part as canvases."""

from __future__ import annotations

from collections.abc import Iterable

from models.errors import LowQuality
from training_eval.calibration.faces import Face
from training_eval.own.crops import Bank, Canvas, canvas_of
from training_eval.own.material import Material, Picture

_CROWD = 50
"""Pixels: smaller faces are many people and little detail."""
_FRAMES = 5
_SHARES = {"grey": 0.35, "portraits": 0.4, "crowds": 0.15, "video": 0.1}
"""How often each kind is drawn; by their numbers, crowds would be half of all."""


def bank_of(material: Material) -> Bank:
    """Faces of the training part, and of nobody else.

    Raises:
        DataMissing: There is none, or a set is not here.
    """
    faces = _faces((*material.photographs("groups", "training"), *material.photographs("people", "training")))
    kinds = {
        "grey": _canvases(_firsts(material.att("training"))),
        "portraits": _canvases(face for face in faces if face.side >= _CROWD),
        "crowds": _canvases(face for face in faces if face.side < _CROWD),
        "video": _canvases(_faces(material.frames("training", _FRAMES))),
    }
    return Bank(kinds, _SHARES)


def _faces(shown: Iterable[Picture]) -> list[Face]:
    return [face for picture in shown for face in picture.faces]


def _firsts(shown: Iterable[Picture]) -> list[Face]:
    return [picture.faces[0] for picture in shown if picture.faces]


def _canvases(faces: Iterable[Face]) -> list[Canvas]:
    """Faces whose points say where they are; of the others nothing can be learned."""
    found = []
    for face in faces:
        try:
            found.append(canvas_of(face))
        except LowQuality:
            continue
    return found
