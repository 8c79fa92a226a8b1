"""Choosing the one face that a question is about."""

from __future__ import annotations

from collections.abc import Sequence

from bentos.common.perception import FoundFace
from models.errors import MultipleFaces, NoFace


def only(name: str, faces: Sequence[FoundFace]) -> FoundFace:
    """The one face of the picture in the field ``name``.

    Raises:
        NoFace: It shows none; ``details`` says which picture it is.
        MultipleFaces: It shows several.
    """
    if not faces:
        raise NoFace(f"There is no face in {name}.", {"image": name})
    if len(faces) > 1:
        raise MultipleFaces(
            f"There are {len(faces)} faces in {name}; crop it to one, or send max_faces=1 for the clearest.",
            {"image": name, "faces": len(faces)},
        )
    return faces[0]
