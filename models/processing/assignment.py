"""The best pairing of rows with columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def assign(costs: Matrix) -> NDArray[np.intp]:
    """The assignment of every row to a column of its own with the smallest sum of costs.

    The Hungarian method (H. Kuhn, "The Hungarian method for the assignment problem", Naval Research Logistics
    Quarterly 2, 1955) by shortest augmenting paths over reduced costs (R. Jonker and A. Volgenant, Computing 38,
    1987; for rectangles: D. Crouse, IEEE TAES 52, 2016): row by row, in O(rows^2 * columns). Among equal sums the
    same matrix always gives the same assignment.

    Args:
        costs: [R, C], finite, R at most C.

    Returns:
        [R] the column of each row.

    Raises:
        ValueError: More rows than columns, or a cost that is not finite.
    """
    rows, columns = costs.shape
    if rows > columns or not np.isfinite(costs).all():
        raise ValueError("an assignment needs finite costs and a column for every row")
    row_price, column_price = np.zeros(rows), np.zeros(columns)
    row_of = np.full(columns, -1, np.intp)
    for row in range(rows):
        _augment(costs, row, row_price, column_price, row_of)
    column_of = np.empty(rows, np.intp)
    taken = np.flatnonzero(row_of >= 0)
    column_of[row_of[taken]] = taken
    return column_of


def _augment(
    costs: Matrix, start: int, row_price: Matrix, column_price: Matrix, row_of: NDArray[np.intp]
) -> None:
    """Give ``start`` a column, moving other rows along the path that costs least (Dijkstra)."""
    columns = costs.shape[1]
    distance, previous = np.full(columns, np.inf), np.full(columns, start, np.intp)
    done, row, reached = np.zeros(columns, bool), start, 0.0
    while True:
        ahead = reached + costs[row] - row_price[row] - column_price
        shorter = ~done & (ahead < distance)
        distance[shorter], previous[shorter] = ahead[shorter], row
        column = int(np.argmin(np.where(done, np.inf, distance)))
        reached = float(distance[column])
        if row_of[column] < 0:
            break
        done[column] = True
        row = int(row_of[column])
    saved = reached - distance[done]
    row_price[row_of[done]] += saved
    column_price[done] -= saved
    row_price[start] += reached
    _shift(column, start, previous, row_of)


def _shift(column: int, start: int, previous: NDArray[np.intp], row_of: NDArray[np.intp]) -> None:
    """Hand columns on along the path that ends in ``column``."""
    while True:
        row = int(previous[column])
        held = int(np.flatnonzero(row_of == row)[0]) if row != start else -1
        row_of[column] = row
        if row == start:
            return
        column = held
