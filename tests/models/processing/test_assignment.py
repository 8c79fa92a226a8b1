from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.processing.assignment import Matrix, assign

_cost = st.floats(-10, 10) | st.sampled_from([0.0, 1.0, -1.0])


@st.composite
def _matrices(draw: st.DrawFn) -> Matrix:
    rows = draw(st.integers(0, 5))
    columns = draw(st.integers(rows, 6))
    values = draw(st.lists(_cost, min_size=rows * columns, max_size=rows * columns))
    return np.array(values, np.float64).reshape(rows, columns)


def _slow(costs: Matrix) -> float:
    rows, columns = costs.shape
    return min(
        sum(costs[row, column] for row, column in enumerate(chosen))
        for chosen in permutations(range(columns), rows)
    )


@given(_matrices())
def test_no_assignment_costs_less(costs: Matrix) -> None:
    chosen = assign(costs)
    assert len(set(chosen.tolist())) == len(costs)
    assert costs[np.arange(len(costs)), chosen].sum() == pytest.approx(_slow(costs), abs=1e-9)


def test_taking_the_best_pair_first_is_not_the_best_of_all() -> None:
    assert assign(np.array([[0.0, 1.0], [1.0, 100.0]])).tolist() == [1, 0]


def test_a_large_one_is_a_permutation_that_no_exchange_of_two_improves() -> None:
    costs = np.random.default_rng(3).random((60, 60))
    chosen = assign(costs)
    paid = costs[np.arange(60), chosen]
    exchanged = costs[:, chosen] + costs[:, chosen].T
    assert sorted(chosen.tolist()) == list(range(60))
    assert (paid[:, None] + paid[None] <= exchanged + 1e-12).all()


@pytest.mark.parametrize("costs", [np.zeros((3, 2)), np.array([[np.nan, 1.0]]), np.array([[1.0, np.inf]])])
def test_what_has_no_assignment_is_refused(costs: Matrix) -> None:
    with pytest.raises(ValueError, match="column for every row"):
        assign(costs)
