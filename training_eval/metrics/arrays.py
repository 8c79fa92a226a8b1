"""What every metric asks of the arrays it is given, and how it says what is wrong with them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]


class Undefined(ValueError):
    """The data are sound, yet the figure means nothing on them: no case, or one class alone."""


def numbers(given: ArrayLike, name: str, count: int | None = None) -> Values:
    """Finite numbers as float64 [N].

    Raises:
        ValueError: Another shape, another length than ``count``, or a number that is not finite.
    """
    made = np.asarray(given, np.float64)
    _check_length(made, name, count)
    if not np.isfinite(made).all():
        raise ValueError(f"{name} holds {int((~np.isfinite(made)).sum())} numbers that are not finite")
    return made


def flags(given: ArrayLike, name: str, count: int) -> Flags:
    """Yes or no as bool [count]; 0 and 1 will do.

    Raises:
        ValueError: Another shape or length, or something that is neither yes nor no.
    """
    made = np.asarray(given)
    _check_length(made, name, count)
    if made.dtype != np.bool_ and not (made.dtype.kind in "iuf" and np.isin(made, (0, 1)).all()):
        raise ValueError(f"{name} has to hold yes or no, as bool or as 0 and 1")
    return made.astype(np.bool_)


def codes(given: Sequence[Hashable] | NDArray[np.generic], name: str, count: int) -> Indices:
    """Labels as numbers from 0 on, in the order in which they come: [count].

    Raises:
        ValueError: Another length.
    """
    if len(given) != count:
        raise ValueError(f"{name} has {len(given)} entries, and there are {count} cases")
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(label, len(known)) for label in given], np.intp)


def boxes(given: ArrayLike, name: str) -> Values:
    """Boxes as float64 [N, 4]: left, top, width and height in pixels.

    Raises:
        ValueError: Another shape, a number that is not finite, or a negative width or height.
    """
    made = np.asarray(given, np.float64)
    made = made.reshape(0, 4) if made.size == 0 else made
    if made.ndim != 2 or made.shape[1] != 4:
        raise ValueError(f"{name} has the shape {made.shape} instead of [N, 4]")
    if not np.isfinite(made).all() or (made[:, 2:] < 0).any():
        raise ValueError(f"{name} holds a box that is not finite or has a negative size")
    return made


def share_wanted(rate: float, name: str) -> float:
    """A share in [0, 1].

    Raises:
        ValueError: It lies elsewhere.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"{name} lies in [0, 1], not at {rate}")
    return float(rate)


def _check_length(made: NDArray[np.generic], name: str, count: int | None) -> None:
    if made.ndim != 1:
        raise ValueError(f"{name} has the shape {made.shape} instead of [N]")
    if count is not None and len(made) != count:
        raise ValueError(f"{name} has {len(made)} entries, and there are {count} cases")
