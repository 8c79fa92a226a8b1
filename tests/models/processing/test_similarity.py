from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.processing.similarity import cosine, cosine_matrix, unit

_vectors = arrays(np.float32, (4, 8), elements=st.floats(-1e3, 1e3, width=32))


@given(_vectors, _vectors)
@settings(max_examples=100, deadline=None)
def test_matrix_agrees_with_the_definition(rows: np.ndarray, columns: np.ndarray) -> None:
    seen = cosine_matrix(rows, columns)
    assert seen.shape == (4, 4)
    assert seen.dtype == np.float32
    for i, a in enumerate(rows.astype(float).tolist()):
        for j, b in enumerate(columns.astype(float).tolist()):
            norms = math.hypot(*a) * math.hypot(*b)
            expected = math.fsum(x * y for x, y in zip(a, b, strict=True)) / norms if norms else 0.0
            assert seen[i, j] == pytest.approx(expected, abs=1e-5)
            assert cosine(rows[i], columns[j]) == pytest.approx(float(seen[i, j]), abs=1e-6)


def test_bounds_hold_in_spite_of_rounding() -> None:
    vectors = np.random.default_rng(0).normal(size=(200, 128)).astype(np.float32)
    assert cosine_matrix(vectors, vectors).max() <= 1
    assert cosine_matrix(vectors, -vectors).min() >= -1


@pytest.mark.parametrize("factor", [1e-30, 1e-12, 1.0, 1e12, 1e30])
def test_length_does_not_matter(factor: float) -> None:
    vector = np.array([3, 4, 0], np.float32) * np.float32(factor)
    assert cosine(vector, np.array([1, 0, 0], np.float32)) == pytest.approx(0.6, abs=1e-6)
    assert float(np.linalg.norm(unit(vector))) == pytest.approx(1, abs=1e-6)


def test_a_zero_vector_is_like_nothing() -> None:
    zero = np.zeros(3, np.float32)
    assert cosine(zero, zero) == 0
    assert unit(zero).tolist() == [0, 0, 0]


def test_no_vectors() -> None:
    assert cosine_matrix(np.empty((0, 5), np.float32), np.ones((3, 5), np.float32)).shape == (0, 3)
