"""How much a small face's evidence counts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.processing.trust import size_trust

LIMITS = (50.0, 200.0)


def test_nothing_below_all_above_and_half_between() -> None:
    np.testing.assert_array_equal(size_trust([0, 50, 125, 200, 5000], LIMITS), [0, 0, 0.5, 1, 1])


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_larger_face_never_counts_for_less(first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert 0 <= float(size_trust(low, LIMITS)) <= float(size_trust(high, LIMITS)) <= 1
