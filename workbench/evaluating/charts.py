"""ROC and DET curves, as Vega-Lite."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from workbench.evaluating.figures import Confusion, Curve

LINE, HERE, CHANCE = "#0072B2", "#D55E00", "#8a8f98"
"""M. Okabe and K. Ito, "Color Universal Design", 2008; the point differs in shape as well."""
RATES = (0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 0.999)
MOST_POINTS = 2000
_DEVIATE = NormalDist().inv_cdf


def curve_points(errors: Curve) -> pd.DataFrame:
    """``false_positive`` and ``true_positive``; corners alone, and no more than a screen shows."""
    table = pd.DataFrame({"false_positive": errors.false_positive, "true_positive": errors.true_positive})
    if len(table) > MOST_POINTS:
        table = table.iloc[np.unique(np.linspace(0, len(table) - 1, MOST_POINTS).astype(int))]
    return table


def det_points(errors: Curve) -> pd.DataFrame:
    """Normal deviates ``x`` of false positives and ``y`` of false negatives; rates of 0 and 1 have none.

    Source: A. Martin et al., "The DET curve in assessment of detection task performance", Eurospeech 1997.
    """
    table = curve_points(errors).assign(false_negative=lambda made: 1 - made["true_positive"])
    inside = table[
        table["false_positive"].between(1e-9, 1 - 1e-9) & table["false_negative"].between(1e-9, 1 - 1e-9)
    ]
    deviates = {"x": inside["false_positive"].map(_DEVIATE), "y": inside["false_negative"].map(_DEVIATE)}
    return inside.assign(**deviates)


def point_of(counts: Confusion) -> tuple[float, float]:
    """False-positive and false-negative rate of counts that have both classes."""
    negatives = counts.false_positive + counts.true_negative
    positives = counts.true_positive + counts.false_negative
    return counts.false_positive / negatives, counts.false_negative / positives


def roc_chart(here: tuple[float, float]) -> dict[str, Any]:
    """The curve of ``curve_points``, chance, and the threshold that is chosen."""
    x, y = _axis("false_positive", "False positives"), _axis("true_positive", "True positives")
    diagonal = {
        "values": [{"false_positive": 0, "true_positive": 0}, {"false_positive": 1, "true_positive": 1}]
    }
    return {
        "height": 320,
        "layer": [
            {
                "data": diagonal,
                "mark": {"type": "line", "color": CHANCE, "strokeDash": [4, 4]},
                "encoding": {"x": x, "y": y},
            },
            {
                "mark": {"type": "line", "color": LINE, "interpolate": "linear", "strokeWidth": 2.5},
                "encoding": {"x": x, "y": y, "order": {"field": "true_positive", "type": "quantitative"}},
            },
            _here({"false_positive": here[0], "true_positive": 1 - here[1]}, x, y),
        ],
    }


def det_chart(here: tuple[float, float]) -> dict[str, Any]:
    """The curve of ``det_points`` on axes of normal deviates, and the threshold that is chosen."""
    x, y = _deviates("x", "False positives"), _deviates("y", "False negatives")
    layers = [
        {
            "mark": {"type": "line", "color": LINE, "strokeWidth": 2.5, "point": {"size": 12, "color": LINE}},
            "encoding": {"x": x, "y": y, "order": {"field": "x", "type": "quantitative"}},
        }
    ]
    if all(0 < rate < 1 for rate in here):
        layers.append(_here({"x": _DEVIATE(here[0]), "y": _DEVIATE(here[1])}, x, y))
    return {"height": 320, "layer": layers}


def _here(values: dict[str, float], x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    mark = {"type": "point", "shape": "diamond", "filled": True, "size": 160, "color": HERE}
    return {"data": {"values": [values]}, "mark": mark, "encoding": {"x": x, "y": y}}


def _axis(field: str, title: str) -> dict[str, Any]:
    scale = {"domain": [0, 1], "nice": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": {"title": title, "format": "~%"}}


def _deviates(field: str, title: str) -> dict[str, Any]:
    ticks = [_DEVIATE(rate) for rate in RATES]
    labels = " : ".join(
        f"abs(datum.value - {tick:.6f}) < 1e-4 ? '{rate:.4g}'"
        for tick, rate in zip(ticks, np.multiply(RATES, 100), strict=True)
    )
    axis = {"title": f"{title} (%)", "values": ticks, "labelExpr": f"{labels} : ''", "labelOverlap": True}
    scale = {"domain": [ticks[0], ticks[-1]], "nice": False, "clamp": True, "zero": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": axis}
