"""Numbers and tables as the document writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

UNITS = (("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
DIGITS = 3


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def size(count: float) -> str:
    """Bytes, in decimal units."""
    for unit, factor in UNITS:
        if count >= factor:
            return f"{rounded(count / factor)} {unit}"
    return f"{count:,.0f} B"


def rounded(value: float) -> str:
    """Three digits that count, and no more than the inputs have."""
    if value == 0:
        return "0"
    if value >= 100:
        factor = 10 ** (len(f"{value:.0f}") - DIGITS)
        return f"{round(value / factor) * factor:,.0f}"
    return f"{value:.{DIGITS}g}"


def people(faces: float) -> str:
    """``1 M`` and the like."""
    return f"{faces / 1e6:,.0f} M"


def small(value: float) -> str:
    """A rate, such as 1.0e-08."""
    return f"{value:.1e}"
