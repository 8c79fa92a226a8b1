"""Curves over a threshold: both errors, found against falsely found, precision against recall."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from scipy.stats import norm

from training_eval.metrics.detection import PrecisionRecall
from training_eval.metrics.roc import ErrorCurve
from training_eval.plots.style import QUIET, figure, legend, line, percent, percent_label

_DET_TICKS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95)
_DET_SPARSE = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.4, 0.8, 0.95)


def det(
    curves: Mapping[str, ErrorCurve],
    title: str,
    *,
    false_positive: str = "False match rate",
    false_negative: str = "False non-match rate",
) -> Figure:
    """Both errors on axes of normal deviates, on which curves of normal scores are straight.

    Source: A. Martin et al., "The DET curve in assessment of detection task performance", Eurospeech 1997. Where an
    error is 0 or 1 its deviate is infinite: such points are not to be seen.

    Args:
        curves: By name.
        title: Of the figure.
        false_positive: What that error is called in the task.
        false_negative: The same.

    Raises:
        ValueError: No curve.
    """
    made, (axes,) = figure(_some(curves, title))
    rates = np.concatenate([np.r_[one.false_positive, one.false_negative] for one in curves.values()])
    low = max(min(rates[rates > 0].min() / 1.5, 0.01), _DET_TICKS[0])
    high = 0.6 if max(one.equal_error() for one in curves.values()) < 0.5 else 0.99
    _deviates(axes, low, high)
    for index, (name, one) in enumerate(curves.items()):
        label = f"{name} (EER {percent_label(one.equal_error())})"
        axes.plot(one.false_positive, one.false_negative, label=label, **line(index))
    diagonal = np.linspace(low, high, 200)
    axes.plot(diagonal, diagonal, color=QUIET, linewidth=0.9, label="Equal errors")
    axes.set(xlabel=false_positive, ylabel=false_negative, aspect="equal")
    legend(made)
    return made


def _deviates(axes: Axes, low: float, high: float) -> None:
    """Both axes in normal deviates, labelled in percent."""
    with np.errstate(divide="ignore"):
        axes.set(xlim=(0.1, 0.5), ylim=(0.1, 0.5))
        axes.set_xscale("function", functions=(_deviate, norm.cdf))
        axes.set_yscale("function", functions=(_deviate, norm.cdf))
    axes.set(xlim=(low, high), ylim=(low, high))
    ticks = [tick for tick in _DET_TICKS if low <= tick <= high]
    if len(ticks) > 8:
        ticks = [tick for tick in _DET_SPARSE if low <= tick <= high]
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())
        percent(axis)


def _deviate(rates: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    made = norm.ppf(rates)
    return np.where(np.isfinite(made), made, np.nan)


def roc(
    curves: Mapping[str, ErrorCurve],
    title: str,
    *,
    logarithmic: bool = True,
    false_positive: str = "False accept rate",
    true_positive: str = "True accept rate",
) -> Figure:
    """How many are found for how many falsely found; what is found for none of them is not to be seen on a log axis.

    Args:
        curves: By name.
        title: Of the figure.
        logarithmic: The axis of false positives, to show the rates that matter where accepting is costly.
        false_positive: What that rate is called in the task.
        true_positive: The same.

    Raises:
        ValueError: No curve.
    """
    made, (axes,) = figure(_some(curves, title))
    for index, (name, one) in enumerate(curves.items()):
        area = float(np.trapezoid(one.true_positive, one.false_positive))
        axes.plot(one.false_positive, one.true_positive, label=f"{name} (AUC {area:.4f})", **line(index))
    if logarithmic:
        rates = np.concatenate([one.false_positive for one in curves.values()])
        axes.set_xscale("log")
        axes.set_xlim(min(rates[rates > 0].min(), 0.1), 1)
        guide = np.geomspace(*axes.get_xlim(), 200)
    else:
        axes.set_xlim(-0.01, 1.01)
        guide = np.array([0.0, 1.0])
    axes.plot(guide, guide, color=QUIET, linewidth=0.9, label="Guessing")
    axes.set(xlabel=false_positive, ylabel=true_positive, ylim=(-0.02, 1.02))
    percent(axes.xaxis)
    percent(axes.yaxis)
    legend(made)
    return made


def precision_recall(curves: Mapping[str, PrecisionRecall], title: str) -> Figure:
    """Precision over recall by subset, such as easy, medium and hard.

    Args:
        curves: By name of the subset.
        title: Of the figure.

    Raises:
        ValueError: No curve.
    """
    made, (axes,) = figure(_some(curves, title))
    for index, (name, one) in enumerate(curves.items()):
        label = f"{name} (AP {one.average_precision:.3f}, {one.faces} faces)"
        axes.plot(one.recall, one.precision, label=label, **line(index))
    axes.set(xlabel="Recall (share of the faces)", ylabel="Precision (share of what was found)")
    axes.set(xlim=(-0.01, 1.02), ylim=(-0.02, 1.03))
    percent(axes.xaxis)
    percent(axes.yaxis)
    legend(made)
    return made


def _some(curves: Mapping[str, object], title: str) -> str:
    """The title, once it is sure that there is something below it."""
    if not curves:
        raise ValueError(f'"{title}" has no curve to draw')
    return title
