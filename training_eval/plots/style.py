"""How all figures look: one palette, titles, units, and a legend that never lies over data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Told apart by the colour-blind: M. Okabe and K. Ito, "Color universal design", 2008."""
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 3)))
QUIET = "#767676"
"""Guides and what is of lesser weight."""
SIZE = (6.4, 5.0)
DOTS_PER_INCH = 120
_ENTRY = 0.19
"""Inches that a line of a legend is high."""
_COLUMNS = ((20, 3), (44, 2), (10**6, 1))
"""Letters of the longest entry of a legend, and how many columns fit then."""


def figure(title: str, rows: int = 1, **layout: Any) -> tuple[Figure, list[Axes]]:
    """An empty figure with its axes below each other.

    Args:
        title: Above all of it.
        rows: Axes.
        layout: What ``Figure.subplots`` takes beside.
    """
    made = Figure(figsize=SIZE, dpi=DOTS_PER_INCH, layout="constrained")
    made.suptitle(title, fontsize=12, fontweight="bold")
    axes = list(made.subplots(rows, 1, squeeze=False, **layout)[:, 0])
    for one in axes:
        one.set_axisbelow(True)
        one.grid(color="#D9D9D9", linewidth=0.6)
        one.spines[["top", "right"]].set_visible(False)
    return made, axes


def line(index: int) -> Mapping[str, Any]:
    """Colour and dashes of the n-th series, so that colour alone never carries a meaning."""
    return {"color": PALETTE[index % len(PALETTE)], "linestyle": LINES[index % len(LINES)], "linewidth": 1.8}


def legend(made: Figure) -> None:
    """Below the axes, so that it covers nothing; entries stand beside each other where they are short.

    The figure grows by what it takes beyond two lines, and the axes keep their size.
    """
    labels = [text for axes in made.axes for text in axes.get_legend_handles_labels()[1]]
    columns = next(count for letters, count in _COLUMNS if max(map(len, labels)) <= letters)
    width, height = made.get_size_inches()
    made.set_size_inches(width, height + _ENTRY * max(0, -(-len(labels) // columns) - 2))
    made.legend(loc="outside lower center", ncols=columns, frameon=False, fontsize=9)


def percent(axis: Axis) -> None:
    """Label shares in percent, with as many digits as they need."""
    axis.set_major_formatter(FuncFormatter(lambda share, _: percent_label(share)))


def percent_label(share: float) -> str:
    """A share as it stands beside a tick or in a legend: ``0.1 %``."""
    return f"{100 * share:.4g} %"
