"""Where a similarity stands among those of two people and of one person.

No card holds scores pair by pair, so no histogram is drawn and no curve made up: what is shown is how large a share of
pairs reaches a similarity, at the points that the card has, with straight lines between them (the axis of shares is
logarithmic, so they are the lines by which the service finds thresholds as well).
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from workbench.components.rates import Rates

TWO, ONE = "two people", "one person"
COLOURS = {TWO: "#d55e00", ONE: "#0072b2"}
"""M. Okabe and K. Ito; the lines differ in their dashes and marks as well."""
THRESHOLD, PAIR = "#8a8f98", "#cc79a7"
"""Readable on light and on dark."""
HEIGHT = 300  # pixels
MIDDLE = 0.5
HEADROOM = 4  # above a share of 1, for the words at the head of the rule
LEGEND = {"title": "Pairs of", "orient": "top", "symbolStrokeWidth": 0}


def points_of(rates: Rates) -> pd.DataFrame:
    """A row for each point of the card: ``similarity``, ``share``, ``pairs`` (``TWO`` or ``ONE``)."""
    rows = [(value, rate, TWO) for rate, value in rates.thresholds.items()]
    rows += [(similarity, share, ONE) for similarity, share in rates.accepted if share > 0]
    return pd.DataFrame(rows, columns=["similarity", "share", "pairs"]).sort_values(["pairs", "similarity"])


def scores_chart(rates: Rates, similarity: float, threshold: float) -> dict[str, Any]:
    """Vega-Lite: shares of pairs over similarity, the threshold as a dashed rule, this pair as a full one."""
    smallest = min([*rates.thresholds, *(share for _, share in rates.accepted if share > 0)])
    decades = [10.0**-power for power in range(math.floor(-math.log10(smallest)) + 1)]
    places = {
        "x": {
            "field": "similarity",
            "type": "quantitative",
            "scale": {"domain": [min(0.0, similarity), 1.0], "nice": False},
            "axis": {"title": "Similarity", "grid": False, "tickCount": 5},
        },
        "y": {
            "field": "share",
            "type": "quantitative",
            "scale": {"type": "log", "domain": [smallest / 2, HEADROOM]},
            "axis": {"title": "Pairs as alike or more", "format": "~%", "values": decades},
        },
    }
    return {
        "height": HEIGHT,
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 2.5}, "encoding": {**places, **_lines()}},
            {"mark": {"type": "point", "filled": True, "size": 70}, "encoding": {**places, **_points()}},
            _rule(threshold, "threshold", "height", THRESHOLD, [5, 4]),
            _rule(similarity, "this pair", 0, PAIR, [1, 0]),
        ],
    }


def _lines() -> dict[str, Any]:
    dashes = {"domain": [TWO, ONE], "range": [[6, 3], [1, 0]]}
    return {"color": _colour(), "strokeDash": {"field": "pairs", "scale": dashes, "legend": None}}


def _points() -> dict[str, Any]:
    shapes = {"domain": [TWO, ONE], "range": ["square", "circle"]}
    return {
        "color": _colour(),
        "shape": {"field": "pairs", "scale": shapes, "legend": LEGEND},
        "tooltip": [
            {"field": "pairs", "title": "pairs of"},
            {"field": "similarity", "format": ".3f"},
            {"field": "share", "format": "~%"},
        ],
    }


def _colour() -> dict[str, Any]:
    scale = {"domain": [TWO, ONE], "range": [COLOURS[TWO], COLOURS[ONE]]}
    return {"field": "pairs", "scale": scale, "legend": LEGEND}


def _rule(at: float, said: str, y: float | str, colour: str, dash: list[int]) -> dict[str, Any]:
    """A line across at a similarity, named at its foot or its head, on the side where there is room."""
    place = {"x": {"datum": at}}
    side = {"align": "right", "dx": -5} if at > MIDDLE else {"align": "left", "dx": 5}
    words = {"type": "text", "text": said, "color": colour, "fontSize": 13, "fontWeight": "bold", **side}
    up_or_down = {"baseline": "top", "dy": 2} if y == 0 else {"baseline": "bottom", "dy": -4}
    return {
        "data": {"values": [{}]},
        "layer": [
            {
                "mark": {"type": "rule", "strokeDash": dash, "strokeWidth": 2, "color": colour},
                "encoding": place,
            },
            {"mark": {**words, **up_or_down}, "encoding": {**place, "y": {"value": y}}},
        ],
    }
