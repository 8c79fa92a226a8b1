"""Bars and points stand where their figures are."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="needs the extra `train`")
pytest.importorskip("scipy", reason="needs the extra `train`")

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training_eval.metrics.arrays import Undefined
from training_eval.metrics.demographics import age_errors, error_by_age
from training_eval.metrics.groups import GroupFigures
from training_eval.metrics.intervals import Estimate, Interval, share
from training_eval.plots.groups import age_scatter, group_bars


def render(figure: Figure) -> None:
    figure.savefig(io.BytesIO(), format="png")


def test_bars_with_intervals_and_counts() -> None:
    given = {"female": share(4, 40), "male": share(12, 60), "unsure": Estimate(0.0, None, 30)}
    figure = group_bars(GroupFigures(given, {"other": "3 cases"}), "Groups", what="FNMR")
    axes = figure.axes[0]
    assert [bar.get_width() for bar in axes.patches] == [0.1, 0.2, 0.0]  # type: ignore[attr-defined]
    ends = [(segment[0][0], segment[1][0]) for segment in axes.collections[0].get_segments()]  # type: ignore[attr-defined]
    wanted = [given["female"].interval, given["male"].interval, Interval(0.0, 0.0)]
    assert ends == [(one.low, one.high) for one in wanted if one]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "female\n40 cases",
        "male\n60 cases",
        "unsure\n30 cases",
    ]
    assert axes.get_xlabel() == "FNMR (line: 95 % interval)\nLeft out: other"
    assert [text.get_text() for text in axes.texts] == ["10 %", "20 %", "0 %"]
    assert axes.get_xlim()[1] > max(high for _, high in ends)
    render(figure)


def test_bars_of_years() -> None:
    given = {"0-9": Estimate(3.5, Interval(3, 4), 40)}
    figure = group_bars(GroupFigures(given, {}), "Age", what="Mean error (years)", as_percent=False)
    assert [text.get_text() for text in figure.axes[0].texts] == ["3.5"]
    render(figure)


def test_many_groups_grow_the_figure_and_long_notes_are_wrapped() -> None:
    given = {f"group {index}": share(index, 40) for index in range(20)}
    figure = group_bars(
        GroupFigures(given, {f"small group {index}": "1" for index in range(15)}), "Many", what="x"
    )
    render(figure)
    renderer = FigureCanvasAgg(figure).get_renderer()
    extents = [label.get_window_extent(renderer) for label in figure.axes[0].get_yticklabels()]
    assert not any(one.overlaps(other) for one, other in itertools.pairwise(extents))
    note = figure.axes[0].xaxis.label.get_window_extent(renderer)
    assert figure.bbox.x0 <= note.x0
    assert note.x1 <= figure.bbox.x1
    assert figure.bbox.y0 <= note.y0


def test_no_group() -> None:
    with pytest.raises(Undefined, match="no group"):
        group_bars(GroupFigures({}, {"a": "1 case"}), "Empty", what="x")


def test_ages_beside_estimates() -> None:
    random = np.random.default_rng(0)
    ages = random.uniform(0, 100, 400)
    estimates = ages + random.normal(0, 5, 400)
    by_age = error_by_age(age_errors(estimates, ages), ages, (0, 5, 50, 100), rounds=20, smallest=5)
    figure = age_scatter(ages, estimates, by_age, "Age")
    upper, lower = figure.axes
    np.testing.assert_array_equal(upper.collections[0].get_offsets(), np.column_stack([ages, estimates]))
    points = [line for line in lower.get_lines() if line.get_marker() == "o"]
    names = [label.get_text() for label in lower.get_xticklabels()]
    assert names == [f"{name}\nn={by_age.figures[name].count}" for name in ("0-4", "5-49", "50-99")]
    assert [point.get_ydata()[0] for point in points] == [  # type: ignore[index]
        by_age.figures[name].value for name in ("0-4", "5-49", "50-99")
    ]
    segments = [bars.get_segments()[0] for bars in lower.collections[::2]]  # type: ignore[attr-defined]
    assert [(ends[0][1], ends[1][1]) for ends in segments] == [
        (one.interval.low, one.interval.high)
        for name in ("0-4", "5-49", "50-99")
        if (one := by_age.figures[name]).interval
    ]
    assert upper.get_xlim()[1] >= ages.max()
    assert upper.get_ylim()[1] >= estimates.max()
    assert upper.get_ylim()[0] <= estimates.min()
    render(figure)


def test_ages_hostile() -> None:
    nothing = GroupFigures({}, {})
    render(age_scatter([30.0], [35.0], nothing, "One"))
    with pytest.raises(Undefined, match="no case"):
        age_scatter([], [], nothing, "None")
    with pytest.raises(ValueError, match="estimates"):
        age_scatter([30.0], [35.0, 3.0], nothing, "Shapes")
