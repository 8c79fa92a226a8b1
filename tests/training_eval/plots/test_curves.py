"""What is drawn is what was given: read back from the figures' artists."""

from __future__ import annotations

import io
import itertools
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs the extra `train`")
pytest.importorskip("matplotlib", reason="needs the extra `train`")

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.stats import norm

from training_eval.metrics.detection import PrecisionRecall
from training_eval.metrics.roc import ErrorCurve, error_curve
from training_eval.plots.curves import det, precision_recall, roc


def curve(shift: float, seed: int = 0) -> ErrorCurve:
    same = np.arange(2000) < 1000
    return error_curve(np.random.default_rng(seed).normal(0, 1, 2000) + shift * same, same)


def drawn(figure: Figure) -> dict[str, Any]:
    return {str(line.get_label()): line for line in figure.axes[0].get_lines()}


def rendered(figure: Figure) -> bytes:
    into = io.BytesIO()
    figure.savefig(into, format="png")
    return into.getvalue()


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_det_draws_both_errors_on_normal_deviates() -> None:
    given = {"one": curve(3.0), "two": curve(2.0, 1)}
    figure = det(given, "Verification")
    assert rendered(figure)[:4] == b"\x89PNG"
    for (name, one), line in zip(given.items(), drawn(figure).values(), strict=False):
        np.testing.assert_array_equal(line.get_xdata(), one.false_positive)
        np.testing.assert_array_equal(line.get_ydata(), one.false_negative)
        assert line.get_label() == f"{name} (EER {100 * one.equal_error():.4g} %)"
    axes = figure.axes[0]
    at = axes.transScale.transform([[0.1, 0.01], [0.5, 0.2]])
    np.testing.assert_allclose(at, norm.ppf([[0.1, 0.01], [0.5, 0.2]]))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("False match rate", "False non-match rate")
    assert figure.get_suptitle() == "Verification"
    assert texts(figure)[2] == "Equal errors"


def test_det_shows_the_crossing_of_good_and_of_bad_curves() -> None:
    for one in (curve(6.0), curve(1.0), curve(0.0), curve(-2.0)):
        figure = det({"it": one}, "Any")
        low, high = figure.axes[0].get_xlim()
        assert low < high
        assert one.equal_error() < high
        assert (low, high) == figure.axes[0].get_ylim()
        rendered(figure)


def test_det_of_a_perfect_curve_and_of_two_cases() -> None:
    for one in (
        error_curve([0.0, 1.0], [0, 1]),
        error_curve([1.0, 0.0], [0, 1]),
        error_curve([1, 1], [0, 1]),
    ):
        rendered(det({"it": one}, "Hostile"))
        rendered(roc({"it": one}, "Hostile"))


@pytest.mark.parametrize("logarithmic", [True, False])
def test_roc(logarithmic: bool) -> None:
    one = curve(1.5)
    figure = roc({"it": one}, "ROC", logarithmic=logarithmic)
    line = figure.axes[0].get_lines()[0]
    np.testing.assert_array_equal(line.get_xdata(), one.false_positive)
    np.testing.assert_array_equal(line.get_ydata(), one.true_positive)
    assert figure.axes[0].get_xscale() == ("log" if logarithmic else "linear")
    rendered(figure)


def test_roc_names_the_area() -> None:
    scores, truth = [0.9, 0.8, 0.3, 0.5, 0.1], [1, 1, 1, 0, 0]
    assert texts(roc({"it": error_curve(scores, truth)}, "ROC"))[0] == "it (AUC 0.8333)"


def test_precision_recall_by_subset() -> None:
    given = {
        name: PrecisionRecall(np.linspace(1, low, 1000), np.linspace(0, 0.9, 1000), faces)
        for name, low, faces in (("easy", 0.9, 10), ("hard", 0.5, 40))
    }
    figure = precision_recall(given, "Detection")
    for one, line in zip(given.values(), figure.axes[0].get_lines(), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), one.recall)
        np.testing.assert_array_equal(line.get_ydata(), one.precision)
    assert texts(figure)[1] == f"hard (AP {given['hard'].average_precision:.3f}, 40 faces)"
    rendered(figure)


@pytest.mark.parametrize("plot", [det, roc, precision_recall])
def test_nothing_to_draw(plot: Any) -> None:
    with pytest.raises(ValueError, match='"Empty" has no curve'):
        plot({}, "Empty")


def test_the_legend_lies_below_the_axes_however_long_its_entries_are() -> None:
    for name in ("a", "a model whose name is long enough to fill the better part of a line"):
        figure = det({f"{name} {index}": curve(2.0, index) for index in range(6)}, "Many")
        rendered(figure)
        renderer = FigureCanvasAgg(figure).get_renderer()
        legend, axes = figure.legends[0].get_window_extent(renderer), figure.axes[0].get_tightbbox(renderer)
        assert not legend.overlaps(axes)
        assert figure.bbox.x0 <= legend.x0
        assert legend.x1 <= figure.bbox.x1
        ticks = [label.get_window_extent(renderer) for label in figure.axes[0].get_xticklabels()]
        assert not any(one.overlaps(other) for one, other in itertools.pairwise(ticks))


def test_series_differ_in_colour_and_in_dashes() -> None:
    figure = det({f"{index}": curve(2.0, index) for index in range(6)}, "Many")
    lines = figure.axes[0].get_lines()[:6]
    assert len({line.get_color() for line in lines}) == 6
    assert len({str(line._unscaled_dash_pattern) for line in lines}) == 6


def test_no_global_state_of_pyplot() -> None:
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    det({"it": curve(2.0)}, "One")
    assert pyplot.get_fignums() == before
