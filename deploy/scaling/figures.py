"""Inputs of the arithmetic: each is a figure that was measured, with the place it stands in, or an assumption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that something is computed from.

    Attributes:
        name: What it is.
        value: In ``unit``.
        unit: Such as ``images/s``.
        kind: Measured by this project, or assumed.
        source: Where a measured one stands (words of BENCHMARKS.md, or the command that finds it again); for an
            assumed one why it is assumed so.
    """

    name: str
    value: float
    unit: str
    kind: Literal["measured", "assumed"]
    source: str


def measured(name: str, value: float, unit: str, source: str) -> Figure:
    """A figure of this project's own."""
    return Figure(name, value, unit, "measured", source)


def assumed(name: str, value: float, unit: str, why: str) -> Figure:
    """A figure that nobody here measured."""
    return Figure(name, value, unit, "assumed", why)
