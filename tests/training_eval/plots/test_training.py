"""The figure of a training shows the losses that it was given."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib", reason="needs the extra `train`")

from training_eval.plots.training import losses
from training_eval.training.history import Point

POINTS = [Point(20, {"loss": 2.0, "shift": -1.0}), Point(40, {"loss": 1.0, "shift": 0.5, "held out": 0.7})]


def test_each_loss_is_a_line_over_the_steps() -> None:
    (axes,) = losses("net", POINTS).axes
    (line,) = axes.get_lines()
    assert list(line.get_xdata()) == [20, 40]
    assert list(line.get_ydata()) == [2.0, 1.0]
    assert line.get_label() == "loss", "what is not positive has no place on a logarithmic axis"
    assert axes.get_yscale() == "log"


def test_nothing_is_no_training() -> None:
    with pytest.raises(ValueError, match="without a step"):
        losses("net", [])
