"""Which face of one answer is which of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bentos.contracts import Box

SAME_FACE = 0.5
"""Overlap from which on two boxes are of one face."""


@dataclass(frozen=True, slots=True)
class Match:
    """A face in both answers by its place in each, or in one alone.

    Attributes:
        first: Place in the first answer; None where it has no such face.
        second: The same of the second.
        overlap: Of their boxes; 0 where there is one alone.
    """

    first: int | None
    second: int | None
    overlap: float = 0.0


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(0.0, width) * max(0.0, height)
    return shared / (one.width * one.height + other.width * other.height - shared)


def matched(first: Sequence[Box], second: Sequence[Box], least: float = SAME_FACE) -> tuple[Match, ...]:
    """Pair faces, those first whose boxes overlap most; then the first answer's other faces, then the second's."""
    pairs = sorted(
        ((overlap(one, other), i, j) for i, one in enumerate(first) for j, other in enumerate(second)),
        key=lambda pair: (-pair[0], *pair[1:]),
    )
    found, left, right = list[Match](), set[int](), set[int]()
    for share, i, j in pairs:
        if share >= least and i not in left and j not in right:
            found.append(Match(i, j, share))
            left.add(i)
            right.add(j)
    found.sort(key=lambda match: match.first or 0)
    found += [Match(i, None) for i in range(len(first)) if i not in left]
    found += [Match(None, j) for j in range(len(second)) if j not in right]
    return tuple(found)
