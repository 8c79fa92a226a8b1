"""Cosine similarity of embeddings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def unit(vectors: Vectors) -> Vectors:
    """Vectors of L2 norm 1.

    Args:
        vectors: [..., D].

    Returns:
        float32 [..., D]; a zero vector stays zero.
    """
    wide = np.asarray(vectors, np.float64)
    norms = np.linalg.norm(wide, axis=-1, keepdims=True)
    return np.asarray(wide / np.where(norms > 0, norms, 1.0), np.float32)


def cosine_matrix(rows: Vectors, columns: Vectors) -> Vectors:
    """Cosine of the angle between every row vector and every column vector.

    Args:
        rows: [N, D].
        columns: [M, D].

    Returns:
        float32 [N, M] in [-1, 1]; 0 where a vector is zero.
    """
    return np.asarray(np.clip(unit(rows) @ unit(columns).T, -1, 1), np.float32)


def cosine(first: Vectors, second: Vectors) -> float:
    """Cosine of the angle between two vectors [D], in [-1, 1]; 0 if one of them is zero."""
    return float(cosine_matrix(first[None], second[None])[0, 0])
