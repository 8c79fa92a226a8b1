"""The arithmetic, against figures that were worked out by hand or by another way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.scaling import load, matches, vectors
from deploy.scaling.cost import Bill, Prices, month
from deploy.scaling.text import rounded, size


def test_hnsw_by_hand() -> None:
    # 128 float32, (64 + 32 / 3.4657) links of 4 bytes, 8 bytes of an id
    assert vectors.hnsw_bytes(128, 32, 8) == pytest.approx(512 + 256 + 36.93 + 8, abs=0.01)


def test_hnsw_has_as_many_links_as_its_layers_say() -> None:
    """The formula counts m_L layers above the lowest; drawn levels floor(-ln(U) m_L) are at most so many on average."""
    m = 32
    levels = np.floor(-np.log(np.random.default_rng(0).uniform(size=1_000_000)) / np.log(m))
    drawn = 2 * m + m * levels.mean()
    links = vectors.hnsw_bytes(0, m, 0) / vectors.LINK
    assert drawn <= links <= drawn * 1.15


def test_ivf_pq_by_hand() -> None:
    shared = (1_000 * 64 + 256 * 64) * 4
    assert vectors.ivf_pq_bytes(1_000_000, 64, 16, 1_000, 8) == pytest.approx(16 + 8 + shared / 1e6)


@pytest.mark.parametrize(
    ("dimension", "degree", "expected"),
    [(128, 56, 4096 / 5), (512, 56, 4096), (960, 64, 8192), (1536, 56, 8192)],
)
def test_diskann_puts_no_vector_across_two_sectors(dimension: int, degree: int, expected: float) -> None:
    assert vectors.diskann_disk_bytes(dimension, degree) == expected


def test_searching_two_halves_costs_more_than_one_whole() -> None:
    whole = vectors.search_cpu_s(200_000, 1, 0.006, 100_000)
    halves = vectors.search_cpu_s(200_000, 2, 0.006, 100_000)
    assert 0.006 < whole < halves == pytest.approx(0.012)


def test_copies_share_no_machine() -> None:
    assert vectors.nodes(1e9, 2, 64e9, 0.7) == 2
    assert vectors.nodes(45e9, 2, 64e9, 0.7) == 4
    assert vectors.segments(1e6, 128, 2**30) == 1
    assert vectors.segments(1e7, 128, 2**30) == 5


def test_false_matches_by_counting() -> None:
    drawn = np.random.default_rng(0).uniform(size=(4_000, 500)) < 0.002
    assert matches.false_match_chance(0.002, 500) == pytest.approx(drawn.any(axis=1).mean(), abs=0.03)


def test_false_matches_by_hand() -> None:
    assert matches.false_match_chance(1e-6, 1e6) == pytest.approx(1 - np.exp(-1), abs=1e-6)
    assert matches.rate_for(0.01, 1e6) == pytest.approx(1.005e-8, rel=1e-3)
    assert matches.pairs_to_show(1e-3) == pytest.approx(2994, abs=1)


@given(st.floats(1e-6, 0.99), st.floats(1, 1e10))
def test_the_needed_rate_gives_the_chance_back(chance: float, faces: float) -> None:
    assert matches.false_match_chance(matches.rate_for(chance, faces), faces) == pytest.approx(
        chance, rel=1e-6
    )


@given(st.integers(2, 10**7))
def test_people_have_so_many_pairs_and_no_more_than_needed(people: int) -> None:
    assert matches.people_for(people * (people - 1) / 2) == people


def test_load_by_hand() -> None:
    assert load.replicas(100, 10, 0.5) == 20
    assert load.replicas(101, 10, 0.5) == 21
    assert load.gpus(10_000, 1_000, 0.5) == 20
    assert load.cores(1_000, 0.006, 0.6) == 10
    assert load.line_bits(10_000, 220_000) == 17.6e9
    assert load.hours(7_200, 2) == 1
    assert load.chains(10_000, 0.002) == 20


def test_a_month_by_hand() -> None:
    prices = Prices(1, 0.1, 10, 0.2, 0.02, "USD", "made up")
    bill = Bill(cores=1, memory_bytes=10e9, gpus=2, disk_bytes=100e9, object_bytes=1000e9)
    assert month(bill, prices) == pytest.approx(730 * (1 + 1 + 20) + 20 + 20)


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.1234, "0.123"), (12.345, "12.3"), (123456, "123,000"), (999.6, "1,000")]
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert rounded(value) == text


def test_sizes_are_decimal() -> None:
    assert [size(12), size(1_500), size(2.5e12)] == ["12 B", "1.5 kB", "2.5 TB"]
