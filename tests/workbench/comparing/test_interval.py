"""The exact interval against SciPy's beta distribution, and against what is known by hand."""

from __future__ import annotations

import pytest

from workbench.comparing.interval import exact_interval


@pytest.mark.parametrize("count", [1, 2, 7, 30, 400, 5000])
def test_it_is_that_of_the_beta_distribution(count: int) -> None:
    beta = pytest.importorskip("scipy.stats").beta
    for hits in sorted({0, 1, count // 3, count // 2, count - 1, count}):
        for confidence in (0.5, 0.95, 0.999):
            tail = (1 - confidence) / 2
            low = 0.0 if hits == 0 else beta.ppf(tail, hits, count - hits + 1)
            high = 1.0 if hits == count else beta.ppf(1 - tail, hits + 1, count - hits)
            assert exact_interval(hits, count, confidence) == pytest.approx((low, high), abs=1e-9)


def test_it_is_what_tables_say() -> None:
    assert exact_interval(9, 10) == pytest.approx((0.5549839, 0.9974714), abs=1e-6)
    assert exact_interval(0, 30)[1] == pytest.approx(1 - 0.025 ** (1 / 30))
    assert exact_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("hits", "count", "confidence"), [(-1, 3, 0.9), (4, 3, 0.9), (1, 3, 1.0), (1, 3, 0.0)]
)
def test_what_is_no_share_is_refused(hits: int, count: int, confidence: float) -> None:
    with pytest.raises(ValueError, match="no share"):
        exact_interval(hits, count, confidence)
