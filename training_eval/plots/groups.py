"""The same figure for every group, and ages beside their estimates."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from training_eval.metrics.arrays import Undefined, numbers
from training_eval.metrics.groups import GroupFigures
from training_eval.plots.style import PALETTE, QUIET, figure, legend, percent, percent_label


def group_bars(made_by_group: GroupFigures, title: str, *, what: str, as_percent: bool = True) -> Figure:
    """A bar a group with its 95 % interval and its number of cases; what was left out is named below.

    Args:
        made_by_group: The figures.
        title: Of the figure.
        what: The figure and its unit, such as ``False non-match rate``.
        as_percent: The figure is a share.

    Raises:
        Undefined: No group has a figure.
    """
    if not made_by_group.figures:
        raise Undefined(f'"{title}" has no group with a figure')
    made, (axes,) = figure(title)
    made.set_size_inches(6.4, max(3.0, 1.4 + 0.6 * len(made_by_group.figures)))
    _bars(axes, made_by_group, as_percent)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    left_out = f"Left out: {', '.join(made_by_group.left_out)}" if made_by_group.left_out else ""
    axes.set(xlabel=f"{what} (line: 95 % interval)\n{textwrap.fill(left_out, 75)}".rstrip())
    axes.set_xlim(left=0)
    if as_percent:
        percent(axes.xaxis)
    return made


def _bars(axes: Axes, made_by_group: GroupFigures, as_percent: bool) -> None:
    estimates = list(made_by_group.figures.values())
    values = np.array([one.value for one in estimates])
    lows = [one.interval.low if one.interval else one.value for one in estimates]
    highs = [one.interval.high if one.interval else one.value for one in estimates]
    places = np.arange(len(values))
    axes.barh(places, values, color=PALETTE[5], height=0.6)
    axes.hlines(places, lows, highs, color=PALETTE[6], linewidth=1.6)
    names = [f"{name}\n{one.count} cases" for name, one in made_by_group.figures.items()]
    axes.set_yticks(places, names)
    for place, value, high in zip(places, values, highs, strict=True):
        text = percent_label(float(f"{value:.3g}")) if as_percent else f"{value:.3g}"
        axes.annotate(text, (max(value, high), place), (5, 0), textcoords="offset points", va="center")
    axes.margins(x=0.15)


def age_scatter(ages: ArrayLike, estimates: ArrayLike, by_age: GroupFigures, title: str) -> Figure:
    """Estimates over ages, and below the mean error of each group of ages.

    Args:
        ages: [N] known, in years.
        estimates: [N] in years.
        by_age: From ``error_by_age``.
        title: Of the figure.

    Raises:
        ValueError: Shapes that do not agree, or numbers that are not finite.
        Undefined: No case.
    """
    known = numbers(ages, "ages")
    guessed = numbers(estimates, "estimates", len(known))
    if not len(known):
        raise Undefined(f'"{title}" has no case to draw')
    made, (upper, lower) = figure(title, rows=2, gridspec_kw={"height_ratios": (2, 1)})
    made.set_size_inches(6.4, 6.6)
    ends = np.array([min(0.0, guessed.min()), max(known.max(), guessed.max()) + 2])
    upper.scatter(known, guessed, s=9, color=PALETTE[0], alpha=0.4, linewidths=0, label=f"{len(known)} cases")
    upper.plot(ends, ends, color=QUIET, linewidth=1.2, label="No error")
    upper.fill_between(ends, ends - 5, ends + 5, color=PALETTE[4], alpha=0.2, label="Within 5 years")
    upper.set(xlabel="Age (years)", ylabel="Estimate (years)", xlim=ends, ylim=ends)
    _errors(lower, by_age)
    legend(made)
    return made


def _errors(axes: Axes, by_age: GroupFigures) -> None:
    """Points with intervals, youngest first."""
    names = sorted(by_age.figures, key=lambda name: float(name.split("-")[0].rstrip("+")))
    for place, name in enumerate(names):
        one = by_age.figures[name]
        if one.interval:
            axes.vlines(place, one.interval.low, one.interval.high, color=PALETTE[6], linewidth=1.6)
            axes.hlines([one.interval.low, one.interval.high], place - 0.08, place + 0.08, color=PALETTE[6])
        axes.plot(place, one.value, marker="o", ms=5, color=PALETTE[1], linestyle="none")
    axes.set_xticks(
        range(len(names)), [f"{name}\nn={by_age.figures[name].count}" for name in names], fontsize=8
    )
    axes.set(xlabel="Age group (years)", ylabel="Mean error (years)")
    axes.set_ylim(bottom=0)
