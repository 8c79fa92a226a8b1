"""Histograms and reliability diagrams hold the numbers they were given."""

from __future__ import annotations

import io

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="needs the extra `train`")
pytest.importorskip("scipy", reason="needs the extra `train`")

from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from training_eval.metrics.arrays import Undefined
from training_eval.metrics.calibration import reliability
from training_eval.plots.scores import reliability_diagram, score_histogram


def render(figure: Figure) -> None:
    figure.savefig(io.BytesIO(), format="png")


def test_each_class_is_a_share_of_its_own_in_common_bins() -> None:
    given = {"genuine": np.array([0.5, 0.9, 0.95, 1.0]), "impostor": np.array([0.0, 0.1])}
    figure = score_histogram(given, "Pairs", unit="Cosine similarity", threshold=0.4, bins=10)
    patches = [patch for patch in figure.axes[0].patches if isinstance(patch, StepPatch)]
    outlines = {str(patch.get_label()): patch.get_data() for patch in patches if not patch.get_fill()}
    assert sorted(outlines) == ["genuine (4)", "impostor (2)"]
    for name, scores in given.items():
        made = outlines[f"{name} ({len(scores)})"]
        plain = [
            sum(low <= score < high or score == high == 1 for score in scores) / len(scores)
            for low, high in zip(made.edges[:-1], made.edges[1:], strict=True)
        ]
        assert made.values.tolist() == plain
        assert made.edges.tolist() == pytest.approx(np.linspace(0, 1, 11).tolist())
    line = figure.axes[0].get_lines()[0]
    assert (list(line.get_xdata()), line.get_label()) == ([0.4, 0.4], "Threshold 0.4")
    assert figure.axes[0].get_xlabel() == "Cosine similarity"
    render(figure)


def test_histogram_refuses_what_is_unsound() -> None:
    for given in ({}, {"genuine": [0.1], "impostor": []}):
        with pytest.raises(Undefined, match="every class"):
            score_histogram(given, "None", unit="x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="genuine"):
        score_histogram({"genuine": [np.nan]}, "NaN", unit="x")


def test_all_scores_the_same() -> None:
    render(score_histogram({"genuine": [0.5, 0.5], "impostor": [0.5]}, "Same", unit="x"))


def test_reliability_draws_shares_and_counts() -> None:
    random = np.random.default_rng(0)
    probabilities = random.random(500)
    given = {"before": reliability(probabilities, random.random(500) < probabilities, 5)}
    given["after"] = reliability(probabilities, random.random(500) < probabilities, 7, "mass")
    figure = reliability_diagram(given, "Liveness", what="the face is live")
    upper, lower = figure.axes
    for one, line, bars in zip(given.values(), upper.get_lines()[1:], lower.collections, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), one.predicted)
        np.testing.assert_array_equal(line.get_ydata(), one.observed)
        assert [segment[1][1] for segment in bars.get_segments()] == one.counts.tolist()  # type: ignore[attr-defined]
        assert f"ECE {one.error:.3f}" in str(line.get_label())
    assert lower.get_xlabel() == "Probability that the face is live"
    render(figure)
    with pytest.raises(ValueError, match="no curve"):
        reliability_diagram({}, "Empty")
