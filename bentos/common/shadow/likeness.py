"""Embeddings of two models cannot be compared; how alike each finds the same two faces can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bentos.contracts import EmbeddedFace
from models.processing.similarity import Vectors, cosine


@dataclass(frozen=True, slots=True)
class _Seen:
    """One face by both models."""

    champion: Vectors
    challenger: Vectors


class Likeness:
    """Holds each face beside the one before it, of this picture or of the one sampled before.

    Of that one face the numbers stay in memory until the next face comes or the challenger goes; nothing else does.
    """

    def __init__(self) -> None:
        self._before: _Seen | None = None

    def apart(self, faces: Sequence[tuple[EmbeddedFace, EmbeddedFace]]) -> float | None:
        """Mean difference of the two cosine similarities, at most 1; None where no face has one before it.

        Args:
            faces: By the champion and by the challenger.
        """
        differences = []
        for champion, challenger in faces:
            seen = _Seen(_vector(champion), _vector(challenger))
            if (before := self._before) is not None and _comparable(before, seen):
                first = cosine(before.champion, seen.champion)
                second = cosine(before.challenger, seen.challenger)
                differences.append(min(1.0, abs(first - second)))
            self._before = seen
        return sum(differences) / len(differences) if differences else None


def _vector(face: EmbeddedFace) -> Vectors:
    return np.array(face.embedding, np.float32)


def _comparable(before: _Seen, seen: _Seen) -> bool:
    """Whether the champion is still of the same dimension as a moment ago."""
    return before.champion.shape == seen.champion.shape and before.challenger.shape == seen.challenger.shape
