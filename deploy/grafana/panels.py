"""Panels of a dashboard, and how they look.

Colours are those of M. Okabe and K. Ito ("Color Universal Design", 2008), which people tell apart whatever colours they
see; lines of one panel differ by their dashes too, and states are said in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bentos.contracts import SERVICES

SOURCE: Mapping[str, str] = {"type": "prometheus", "uid": "prometheus"}
BLUE, ORANGE, VERMILLION = "#0072B2", "#E69F00", "#D55E00"
COLOURS = (BLUE, ORANGE, "#009E73", "#CC79A7", "#56B4E9", VERMILLION, "#F0E442")
DASHES: tuple[Sequence[int], ...] = ((), (10, 6), (2, 4), (14, 4, 2, 4), (6, 3))
WIDTH = 24
"""Columns of a dashboard."""

Kind = Literal["timeseries", "stat", "table", "heatmap", "bargauge"]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of Prometheus.

    Attributes:
        expression: PromQL, with the dashboard's variables.
        legend: Of its series, with ``{{label}}``.
    """

    expression: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture.

    Attributes:
        unit: Grafana's name: ``s``, ``percentunit``, ``reqps``, ``short``.
        description: What it shows and how it is read.
        warning: From here on it is orange; None: never.
        critical: From here on it is vermillion.
        words: What numbers are called.
        columns: Of the dashboard's 24.
        rows: Each about 30 pixels high.
    """

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    kind: Kind = "timeseries"
    warning: float | None = None
    critical: float | None = None
    words: Mapping[str, str] | None = None
    columns: int = 12
    rows: int = 8
    top: float | None = None
    stacked: bool = False

    def drawn(self, number: int, x: int, y: int) -> dict[str, Any]:
        """As Grafana reads it."""
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": dict(SOURCE),
            "gridPos": {"x": x, "y": y, "w": self.columns, "h": self.rows},
            "targets": [self._target(place, query) for place, query in enumerate(self.queries)],
            "fieldConfig": {"defaults": self._defaults(), "overrides": self._overrides()},
            "options": _OPTIONS[self.kind],
        } | _EXTRAS.get(self.kind, {})

    def _target(self, place: int, query: Query) -> dict[str, Any]:
        return {
            "refId": _ref(place),
            "datasource": dict(SOURCE),
            "expr": query.expression,
            "legendFormat": query.legend or "__auto",
            "range": self.kind in ("timeseries", "heatmap"),
            "instant": self.kind not in ("timeseries", "heatmap"),
            "format": {"table": "table", "heatmap": "heatmap"}.get(self.kind, "time_series"),
        }

    def _defaults(self) -> dict[str, Any]:
        limits = [(BLUE, None), (ORANGE, self.warning), (VERMILLION, self.critical)]
        steps = [
            {"color": colour, "value": value}
            for colour, value in limits
            if colour == BLUE or value is not None
        ]
        found: dict[str, Any] = {
            "unit": self.unit,
            "min": 0,
            "color": {"mode": "palette-classic" if self.kind == "timeseries" else "thresholds"},
            "thresholds": {"mode": "absolute", "steps": steps},
            "mappings": [_mapping(self.words)] if self.words else [],
        }
        if self.top is not None:
            found["max"] = self.top
        if self.kind == "timeseries":
            found["custom"] = self._lines(limited=len(steps) > 1)
        return found

    def _lines(self, limited: bool) -> dict[str, Any]:
        return {
            "drawStyle": "line",
            "lineWidth": 2,
            "fillOpacity": 25 if self.stacked else 0,
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"mode": "normal" if self.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "dashed" if limited else "off"},
        }

    def _overrides(self) -> list[dict[str, Any]]:
        if self.kind != "timeseries":
            return []
        if len(self.queries) > 1:
            matches = [{"id": "byFrameRefID", "options": _ref(place)} for place in range(len(self.queries))]
        else:
            matches = [{"id": "byRegexp", "options": f"/^{service.name}/"} for service in SERVICES]
        return [_line(match, place) for place, match in enumerate(matches)]


def _ref(place: int) -> str:
    return chr(ord("A") + place)


def _line(match: Mapping[str, str], place: int) -> dict[str, Any]:
    dash = DASHES[place % len(DASHES)]
    style: dict[str, Any] = {"fill": "dash", "dash": list(dash)} if dash else {"fill": "solid"}
    colour = {"mode": "fixed", "fixedColor": COLOURS[place % len(COLOURS)]}
    properties = [{"id": "color", "value": colour}, {"id": "custom.lineStyle", "value": style}]
    return {"matcher": dict(match), "properties": properties}


def _mapping(words: Mapping[str, str]) -> dict[str, Any]:
    named = {value: {"text": text, "index": place} for place, (value, text) in enumerate(words.items())}
    return {"type": "value", "options": named}


_REDUCED: Mapping[str, Any] = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_OPTIONS: Mapping[Kind, Mapping[str, Any]] = {
    "timeseries": {
        "legend": {
            "displayMode": "table",
            "placement": "bottom",
            "calcs": ["lastNotNull", "max"],
            "showLegend": True,
        },
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "reduceOptions": _REDUCED,
        "colorMode": "background",
        "textMode": "value_and_name",
        "graphMode": "none",
    },
    "table": {"showHeader": True, "cellHeight": "sm"},
    "heatmap": {
        "calculate": False,
        "color": {"mode": "scheme", "scheme": "Cividis", "steps": 64},
        "yAxis": {"unit": "short"},
        "tooltip": {"mode": "single", "yHistogram": False},
    },
    "bargauge": {"reduceOptions": _REDUCED, "orientation": "horizontal", "displayMode": "basic"},
}
_EXTRAS: Mapping[Kind, dict[str, Any]] = {
    "table": {
        "transformations": [{"id": "organize", "options": {"excludeByName": {"Time": True, "Value": True}}}]
    }
}
