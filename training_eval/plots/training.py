"""How a training went."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from training_eval.plots.style import figure, legend, line
from training_eval.training.history import Point

MOST = 6
"""Lines that can still be told apart."""


def losses(title: str, points: Sequence[Point]) -> Figure:
    """Each loss over the steps, on a logarithmic axis.

    Args:
        title: Of the network.
        points: At least one; a loss that is not positive anywhere is left out.

    Raises:
        ValueError: No point.
    """
    if not points:
        raise ValueError("a training without a step has no losses to show")
    made, (axes,) = figure(f"Training of {title}")
    names = [name for name in points[0].values if all(p.values.get(name, 1.0) > 0 for p in points)]
    for index, name in enumerate(names[:MOST]):
        shown = [(point.step, point.values[name]) for point in points if name in point.values]
        axes.plot(*zip(*shown, strict=True), label=name, **line(index))
    axes.set_yscale("log")
    axes.set_xlabel("Step")
    axes.set_ylabel("Loss")
    if names:
        legend(made)
    return made
