"""Batch sizes that a GPU sees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.runtime.options import CPU, CUDA, GpuOptions, SessionOptions, bucket


def test_sizes_are_powers_of_two_up_to_the_largest() -> None:
    assert [bucket(count, 16) for count in range(1, 17)] == [1, 2, 4, 4, *[8] * 4, *[16] * 8]
    assert sorted({bucket(count, 24) for count in range(1, 25)}) == [1, 2, 4, 8, 16, 24]


@given(st.integers(1, 300).flatmap(lambda largest: st.tuples(st.integers(1, largest), st.just(largest))))
def test_a_bucket_holds_the_batch_and_wastes_less_than_half(sizes: tuple[int, int]) -> None:
    count, largest = sizes
    rows = bucket(count, largest)
    assert count <= rows <= largest
    assert rows < 2 * count
    assert bucket(rows, largest) == rows


@pytest.mark.parametrize("count", [-1, 0, 17])
def test_a_batch_that_fits_no_bucket(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 16"):
        bucket(count, 16)


def test_what_nobody_asked_for() -> None:
    options = SessionOptions()
    assert tuple(options.providers) == (CUDA, CPU)
    assert options.gpu == GpuOptions(
        device_id=0, precision="fp32", memory_limit_bytes=None, engine_cache=None, tf32=False
    )
