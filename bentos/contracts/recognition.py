"""Face recognition: options and answers of embedding and verification."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bentos.contracts.base import Message
from bentos.contracts.face import Face, UnitFloat
from bentos.contracts.options import FaceSelection, GivenFaces


class EmbeddedFace(Face):
    """A face and its embedding, of L2 norm 1."""

    embedding: list[float]


class EmbedResult(Message):
    """Faces, best score first; each embedding has ``dimension`` numbers."""

    faces: list[EmbeddedFace]
    dimension: int


class VerifyOptions(FaceSelection):
    """Options of ``/verify``. With ``max_faces=1`` the best face of each image is compared."""

    far: Annotated[
        float, Field(gt=0.0, le=1.0, description="Accepted rate of false matches; sets the threshold.")
    ] = 0.001
    faces_a: GivenFaces | None = None
    faces_b: GivenFaces | None = None


class VerifyResult(Message):
    """``match`` is ``similarity >= threshold``; ``probability`` is calibrated, as the model card says."""

    similarity: Annotated[float, Field(ge=-1.0, le=1.0)]
    threshold: float
    match: bool
    probability: UnitFloat
    face_a: Face
    face_b: Face
