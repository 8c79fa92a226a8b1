"""How similar an embedder finds pictures of one person and of two, on the photographs that are here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.runtime.session import Session
from training_eval.calibration.faces import Face, Vectors
from training_eval.own.material import Material, Part, Picture

SMALLEST = 50
"""Pixels: faces below are too small to be told apart, by any embedder here."""
_SHARPEST = 100
_NAME = re.compile("[a-z]+")

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of faces of known people.

    Attributes:
        scores: float64 [N] cosines.
        same: bool [N], whether a pair is of one person.
        people: The two people of each pair.
    """

    scores: Scores
    same: NDArray[np.bool_]
    people: Sequence[tuple[str, str]]

    @property
    def genuine(self) -> Scores:
        """Scores of the pairs of one person."""
        return self.scores[self.same]

    @property
    def impostors(self) -> Scores:
        """Scores of the pairs of two people."""
        return self.scores[~self.same]


def embed(session: Session, faces: Sequence[Face]) -> Vectors:
    """Unit vectors float32 [N, D]."""
    if not faces:
        return np.zeros((0, int(str(session.card.decoding["dimension"]))), np.float32)
    return np.asarray(session.run(np.stack([face.crop(session.card) for face in faces]))["embedding"])


def grey_people(material: Material, part: Part) -> tuple[list[Face], list[str]]:
    """The best face of each AT&T picture of a part, and who it is."""
    found = [picture for picture in material.att(part) if picture.faces]
    return [picture.faces[0] for picture in found], [picture.person for picture in found]


def named_people(material: Material) -> tuple[list[Face], list[str]]:
    """Held-back photographs of one known person each; the name is how the file's name begins."""
    found = [picture for picture in material.photographs("people", "held back") if len(picture.faces) == 1]
    return [picture.faces[0] for picture in found], [_name(picture) for picture in found]


def strangers(material: Material, part: Part) -> list[list[Face]]:
    """The faces of each photograph of a part that shows several people: all different, under one light."""
    shown = (*material.photographs("groups", part), *material.photographs("people", part))
    large = [[face for face in picture.faces if face.side >= SMALLEST] for picture in shown]
    return [faces for faces in large if len(faces) > 1]


def pairs_of(session: Session, faces: Sequence[Face], people: Sequence[str]) -> Pairs:
    """Every two faces of the list."""
    vectors, names = embed(session, faces), np.array(people)
    first, second = np.triu_indices(len(vectors), 1)
    scores = np.asarray(vectors @ vectors.T, np.float64)[first, second]
    named = list(zip(names[first].tolist(), names[second].tolist(), strict=True))
    return Pairs(scores, names[first] == names[second], named)


def within(session: Session, photographs: Sequence[Sequence[Face]]) -> Scores:
    """Similarities of every two faces of one photograph, of all photographs, float64 [N]."""
    found = [pairs_of(session, faces, [""] * len(faces)).scores for faces in photographs]
    return np.concatenate([np.zeros(0), *found])


def to_other(session: Session, other: Session, faces: Sequence[Face]) -> Scores:
    """Cosine of both embedders' vectors for each face, float64 [N]."""
    return np.asarray((embed(session, faces) * embed(other, faces)).sum(axis=1), np.float64)


def to_small_self(session: Session, faces: Sequence[Face], side: float) -> Scores:
    """Similarity of each large face to itself when its picture is so reduced that ``side`` pixels remain of it."""
    large = [face for face in faces if face.side >= _SHARPEST]
    small = [_reduced(face, side / face.side) for face in large]
    return np.asarray((embed(session, large) * embed(session, small)).sum(axis=1), np.float64)


def _reduced(face: Face, factor: float) -> Face:
    pixels = cv2.resize(face.pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    found, scale = face.detection, np.float32(factor)
    return Face(pixels.astype(np.uint8), replace(found, box=found.box * scale, points=found.points * scale))


def _name(picture: Picture) -> str:
    found = _NAME.match(picture.path.stem)
    return found.group() if found else picture.path.stem
