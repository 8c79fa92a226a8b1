"""The faces of a measured collection: random unit vectors, and a second photograph of each face that is looked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from bentos.contracts import CollectionInfo, Match, Quality
from bentos.face_recognition.gallery.lines import End, FaceLine, Head, SubjectLine, dump, encode
from models.processing.similarity import Vectors, unit

Similarities = NDArray[np.float64]

PLANTED_COSINE = 0.75
SAME = 1e-5
"""Two similarities that differ by less are equal: answers are rounded, and sums depend on their order."""
BLOCK = 20_000
"""Rows of one file, and of one step in float64."""
QUALITY = Quality(score=0.9, sharpness=0.9, brightness=0.5, size=112.0, yaw=0.0, pitch=0.0, roll=0.0)


class Faces:
    """What is in the collection.

    Args:
        count: How many faces.
        looked_for: float32 [P, D], P at most ``count``: for each there is a vector at a cosine of about 0.75.

    Attributes:
        vectors: float32 [N, D], of L2 norm 1.
        planted: Rows of the vectors at 0.75, spread evenly.
    """

    def __init__(self, count: int, looked_for: Vectors, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.vectors: Vectors = np.empty((count, looked_for.shape[1]), np.float32)
        for rows in blocks(count):
            self.vectors[rows] = unit(rng.standard_normal(self.vectors[rows].shape, np.float32))
        self.planted = [row * count // len(looked_for) for row in range(len(looked_for))]
        self.vectors[self.planted] = _near(looked_for, PLANTED_COSINE, rng)

    def files(self, info: CollectionInfo) -> Iterator[tuple[bytes, int]]:
        """NDJSON as an export writes it, and how many faces are in it; one file at a time is in memory."""
        for rows in blocks(len(self.vectors)):
            yield b"".join(self._lines(info, rows)), rows.stop - rows.start

    def _lines(self, info: CollectionInfo, rows: slice) -> Iterator[bytes]:
        now = datetime.now(UTC)
        yield dump(
            Head(
                name=info.name,
                model=info.model,
                model_version=info.model_version,
                model_digest=info.model_digest,
                dimension=info.dimension,
            )
        )
        for row in range(rows.start, rows.stop):
            subject, text = subject_of(row), encode(self.vectors[row].astype("<f4").tobytes())
            yield dump(SubjectLine(subject_id=subject, metadata={}, created_at=now))
            yield dump(
                FaceLine(
                    subject_id=subject, face_id=f"f{row}", embedding=text, quality=QUALITY, created_at=now
                )
            )
        yield dump(End(subjects=rows.stop - rows.start, faces=rows.stop - rows.start))

    def best(self, probes: Vectors, gone: Sequence[int] = ()) -> Similarities:
        """Cosine of the exact nearest vector of each probe.

        Args:
            probes: float32 [P, D], of L2 norm 1.
            gone: Rows that are not there any more.

        Returns:
            float64 [P].
        """
        wide, best = probes.astype(np.float64), np.full(len(probes), -np.inf)
        there = np.ones(len(self.vectors), bool)
        there[list(gone)] = False
        for rows in blocks(len(self.vectors)):
            found = self.vectors[rows][there[rows]].astype(np.float64) @ wide.T
            best = np.maximum(best, found.max(axis=0, initial=-np.inf))
        return best

    def is_right(self, probe: Vectors, best: float, matches: Sequence[Match], threshold: float) -> bool:
        """Whether an answer is the exact nearest vector, or one just as near; a nearer one is one that is gone.

        Nobody is right where the nearest is below the answer's threshold.

        Args:
            probe: float32 [D], the embedding of the face.
            best: Cosine of the exact nearest vector.
            matches: What came back with ``far=1`` and ``top_k=1``.
            threshold: The answer's.
        """
        if not matches:
            return best < threshold + SAME
        vector = self.vectors[int(matches[0].face_id[1:])]
        return abs(float(vector.astype(np.float64) @ probe.astype(np.float64)) - best) < SAME


def subject_of(row: int) -> str:
    """Name of the subject whose face is in a row."""
    return f"s{row}"


def blocks(count: int) -> Iterable[slice]:
    """Rows in steps that fit in memory in every form."""
    return (slice(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK))


def _near(vectors: Vectors, cosine: float, rng: np.random.Generator) -> Vectors:
    """Unit vectors at this cosine to each of the others, in random directions."""
    other = rng.standard_normal(vectors.shape)
    across = unit((other - (other * vectors).sum(1, keepdims=True) * vectors).astype(np.float32))
    return unit(cosine * vectors + np.sqrt(1 - cosine**2).astype(np.float32) * across)
