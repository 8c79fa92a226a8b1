"""How the scores of two sides lie to each other."""

from __future__ import annotations

from typing import Any

# M. Okabe and K. Ito, "Color Universal Design", 2008; shapes differ as well.
COLOURS = {"same": "#0072B2", "differs": "#D55E00"}
SHAPES = {"same": "circle", "differs": "cross"}
DIAGONAL = "#8a8f98"


def scatter(unit: str, span: float, names: tuple[str, str]) -> dict[str, Any]:
    """Vega-Lite: one mark a face, the line on which both say the same.

    Args:
        unit: Of the scores.
        span: Largest score on the axes.
        names: Of both sides, for the axes.
    """
    verdicts = list(COLOURS)
    return {
        "height": 340,
        "layer": [
            {
                "data": {"values": [{"x": 0, "y": 0}, {"x": span, "y": span}]},
                "mark": {"type": "line", "color": DIAGONAL, "strokeDash": [4, 4]},
                "encoding": {
                    "x": _axis("x", f"A {names[0]}: {unit}", span),
                    "y": _axis("y", f"B {names[1]}", span),
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 0.75},
                "encoding": {
                    "x": _axis("A", f"A {names[0]}: {unit}", span),
                    "y": _axis("B", f"B {names[1]}", span),
                    "color": {
                        "field": "verdict",
                        "scale": {"domain": verdicts, "range": list(COLOURS.values())},
                        "legend": {"title": "Verdict", "orient": "top"},
                    },
                    "shape": {
                        "field": "verdict",
                        "scale": {"domain": verdicts, "range": list(SHAPES.values())},
                        "legend": {"title": "Verdict", "orient": "top"},
                    },
                    "tooltip": [
                        {"field": "picture"},
                        {"field": "A", "format": ".3f"},
                        {"field": "B", "format": ".3f"},
                    ],
                },
            },
        ],
    }


def _axis(field: str, title: str, span: float) -> dict[str, Any]:
    scale = {"domain": [0, span], "nice": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": {"title": title, "tickCount": 5}}
