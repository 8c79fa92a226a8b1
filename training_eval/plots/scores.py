"""How scores lie: of both classes, and of probabilities beside what happened."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from training_eval.metrics.arrays import Undefined, numbers
from training_eval.metrics.calibration import Reliability
from training_eval.plots.style import PALETTE, QUIET, figure, legend, line, percent

BINS = 40


def score_histogram(
    scores: Mapping[str, ArrayLike],
    title: str,
    *,
    unit: str,
    threshold: float | None = None,
    bins: int = BINS,
) -> Figure:
    """Scores by class, each as a share of its own, in common bins.

    Args:
        scores: By class, such as genuine and impostor: [N] each.
        title: Of the figure.
        unit: What a score is, such as ``Cosine similarity``.
        threshold: Drawn as a line.
        bins: Over the range of all.

    Raises:
        ValueError: Scores that are not finite or not [N].
        Undefined: A class without scores, or no class.
    """
    values = {name: numbers(given, name) for name, given in scores.items()}
    if not values or not all(len(one) for one in values.values()):
        raise Undefined(f'"{title}" needs scores of every class')
    made, (axes,) = figure(title)
    edges = np.histogram_bin_edges(np.concatenate(list(values.values())), bins)
    for index, (name, one) in enumerate(values.items()):
        shares = np.histogram(one, edges)[0] / len(one)
        look = line(index)
        axes.stairs(shares, edges, fill=True, color=look["color"], alpha=0.25)
        axes.stairs(shares, edges, label=f"{name} ({len(one)})", **look)
    if threshold is not None:
        axes.axvline(threshold, color=QUIET, linewidth=1.2, label=f"Threshold {threshold:.4g}")
    axes.set(xlabel=unit, ylabel="Share of the class in a bin")
    axes.set_ylim(bottom=0)
    percent(axes.yaxis)
    legend(made)
    return made


def reliability_diagram(curves: Mapping[str, Reliability], title: str, *, what: str = "it is so") -> Figure:
    """Observed share over predicted probability, and below how many cases lie where.

    Source: M. DeGroot and S. Fienberg, "The comparison and evaluation of forecasters", The Statistician 32, 1983.

    Args:
        curves: By name.
        title: Of the figure.
        what: Of which the probability is, as it ends "Probability that …".

    Raises:
        ValueError: No curve.
    """
    if not curves:
        raise ValueError(f'"{title}" has no curve to draw')
    made, (upper, lower) = figure(title, rows=2, sharex=True, gridspec_kw={"height_ratios": (3, 1)})
    upper.plot([0, 1], [0, 1], color=QUIET, linewidth=0.9, label="Perfectly calibrated")
    for index, (name, one) in enumerate(curves.items()):
        upper.plot(
            one.predicted,
            one.observed,
            marker="o",
            ms=4,
            label=f"{name} (ECE {one.error:.3f})",
            **line(index),
        )
        lower.vlines(
            one.predicted + 0.006 * index, 0, one.counts, color=PALETTE[index % len(PALETTE)], linewidth=4
        )
    upper.set(ylabel="Share that came true", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    lower.set(xlabel=f"Probability that {what}", ylabel="Cases")
    lower.set_ylim(bottom=0)
    percent(upper.yaxis)
    percent(lower.xaxis)
    legend(made)
    return made
