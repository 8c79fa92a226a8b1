"""Metrics of services, drawn: one table, a history, and one service closely."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from bentos.contracts import Health
from workbench.client import ConnectionFailed, NotConfigured
from workbench.components.health import title_of
from workbench.components.looking import Look
from workbench.metrics.buckets import Buckets
from workbench.metrics.figures import models_of, paths_of, queues_of, scores_of, traffic_of
from workbench.metrics.looks import Point
from workbench.metrics.scrape import Increase

# M. Okabe and K. Ito; the lines differ in their dashes as well.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4])
HEIGHT = 220  # pixels
SHOWN: Mapping[str, tuple[str, str]] = {
    "Requests a second": ("per_s", ".1f"),
    "Slowest twentieth": ("p95_s", ".3f"),
    "Failed": ("failed", ".1%"),
    "Longest queue": ("queued_s", ".3f"),
}
STATES = {"ok": "✓ ready", "starting": "… starting", "degraded": "! degraded"}


def seconds_in_words(seconds: float | None) -> str:
    """Milliseconds below a second."""
    if seconds is None:
        return "-"
    return f"{seconds * 1e3:,.3g} ms" if seconds < 1 else f"{seconds:,.2f} s"


def overview(looks: Mapping[str, Look], over: Mapping[str, Increase | None]) -> pd.DataFrame:
    """A row for each service."""
    return pd.DataFrame([_row(name, look, over[name]) for name, look in looks.items()])


def history(looks: Mapping[str, Look], shown: str) -> pd.DataFrame:
    """A row for each service and look: ``at``, ``service``, ``value``."""
    field = SHOWN[shown][0]
    rows = [
        {
            "at": pd.Timestamp(point.at, unit="s", tz="UTC"),
            "service": title_of(name),
            "value": _of(point, field),
        }
        for name, look in looks.items()
        for point in look.looks.points
    ]
    return pd.DataFrame(rows, columns=["at", "service", "value"]).dropna()


def history_chart(services: list[str], shown: str) -> dict[str, Any]:
    """Vega-Lite: a figure over the time of the session, a line for each service."""
    form = SHOWN[shown][1]
    names = [title_of(name) for name in services]
    legend = {"title": None, "orient": "top", "columns": 2}
    return {
        "height": HEIGHT,
        "mark": {"type": "line", "point": {"size": 25}, "strokeWidth": 2},
        "encoding": {
            "x": {
                "field": "at",
                "type": "temporal",
                "axis": {"title": None, "format": "%H:%M:%S", "tickCount": 4},
            },
            "y": {
                "field": "value",
                "type": "quantitative",
                "scale": {"zero": True},
                "axis": {"title": _unit(shown), "format": form, "tickCount": 4},
            },
            "color": {
                "field": "service",
                "type": "nominal",
                "scale": {"domain": names, "range": list(COLOURS[: len(names)])},
                "legend": legend,
            },
            "strokeDash": {
                "field": "service",
                "type": "nominal",
                "scale": {"domain": names, "range": list(DASHES[: len(names)])},
                "legend": legend,
            },
            "tooltip": [
                {"field": "service", "type": "nominal"},
                {"field": "value", "type": "quantitative", "format": form, "title": shown.lower()},
            ],
        },
    }


def show_closely(increase: Increase) -> None:
    """Operations, queues, models and their scores of one service."""
    _table("Operations", [_operation(increase, path) for path in paths_of(increase.counts)])
    left, right = st.columns(2, gap="medium")
    with left:
        _table("Queues", [_queue(name, waits) for name, waits in queues_of(increase).items()])
    with right:
        _table("Models", [_model(*work) for work in _works(increase)])
    for scored in scores_of(increase):
        if scored.values.observed > 0:
            st.markdown(
                f"**{scored.score}**, as `{scored.name}` {scored.version} said it {scored.values.observed:,.0f} times"
            )
            st.vega_lite_chart(
                scores_table(scored.values),
                SCORES_CHART,
                key=f"scores {scored.name} {scored.version} {scored.score}",
            )


def scores_table(values: Buckets) -> pd.DataFrame:
    """A row for each finite bucket: ``low``, ``high``, ``share``."""
    lows = (0.0, *values.bounds)
    rows = [
        {"low": low, "high": high, "share": inside / values.observed}
        for low, high, inside in zip(lows, values.bounds[:-1], values.inside, strict=False)
    ]
    return pd.DataFrame(rows, columns=["low", "high", "share"])


SCORES_CHART: dict[str, Any] = {
    "height": 120,
    "mark": {"type": "bar", "color": COLOURS[0], "binSpacing": 1},
    "encoding": {
        "x": {
            "field": "low",
            "type": "quantitative",
            "bin": {"binned": True, "step": 0.05},
            "scale": {"domain": [0, 1]},
            "axis": {"title": None, "tickCount": 5, "format": ".1f"},
        },
        "x2": {"field": "high"},
        "y": {
            "field": "share",
            "type": "quantitative",
            "axis": {"title": None, "format": "%", "tickCount": 3},
        },
        "tooltip": [{"field": "low"}, {"field": "high"}, {"field": "share", "format": ".1%"}],
    },
}


def _works(increase: Increase) -> list[tuple[str, Buckets, Buckets]]:
    return [(f"{work.name} {work.version}", work.batch_sizes, work.seconds) for work in models_of(increase)]


def _row(name: str, look: Look, increase: Increase | None) -> dict[str, object]:
    health = look.health
    state, version = "✗ no answer", ""
    if isinstance(health, Health):
        state, version = STATES[health.status], health.version
    elif isinstance(health, NotConfigured):
        state = "- no address"
    elif not isinstance(health, ConnectionFailed):
        state = "✗ refuses"
    row: dict[str, object] = {"Service": title_of(name), "State": state}
    row |= _figures(increase if look.trouble is None else None)
    models = health.models if isinstance(health, Health) else []
    needs = health.dependencies if isinstance(health, Health) else {}
    return row | {
        "Version": version,
        "Models": ", ".join(f"{model.name} {model.version}" for model in models),
        "Needs": ", ".join(f"{need} {'✓' if held == 'ok' else '✗'}" for need, held in needs.items()),
    }


def _figures(increase: Increase | None) -> dict[str, object]:
    if increase is None:
        return dict.fromkeys(("Requests", "Requests/s", "Failed", "Refused", "p50", "p95", "Queue p95"), "-")
    traffic = traffic_of(increase)
    waits = [wait for queue in queues_of(increase).values() if (wait := queue.quantile(0.95)) is not None]
    return {
        "Requests": f"{traffic.requests:,.0f}",
        "Requests/s": "-" if traffic.per_s is None else f"{traffic.per_s:,.2f}",
        "Failed": _share(traffic.failed),
        "Refused": _share(traffic.refused),
        "p50": seconds_in_words(traffic.durations.quantile(0.5)),
        "p95": seconds_in_words(traffic.durations.quantile(0.95)),
        "Queue p95": seconds_in_words(max(waits, default=None)),
    }


def _operation(increase: Increase, path: str) -> dict[str, object]:
    traffic = traffic_of(increase, path)
    return {
        "Operation": path.removeprefix("/api/v1/"),
        "Requests": f"{traffic.requests:,.0f}",
        "Failed": _share(traffic.failed),
        "Refused": _share(traffic.refused),
        "p50": seconds_in_words(traffic.durations.quantile(0.5)),
        "p95": seconds_in_words(traffic.durations.quantile(0.95)),
    }


def _queue(name: str, waits: Buckets) -> dict[str, object]:
    return {
        "Queue": name,
        "Waited": f"{waits.observed:,.0f}",
        "p50": seconds_in_words(waits.quantile(0.5)),
        "p95": seconds_in_words(waits.quantile(0.95)),
    }


def _model(name: str, sizes: Buckets, seconds: Buckets) -> dict[str, object]:
    return {
        "Model": name,
        "Batches": f"{sizes.observed:,.0f}",
        "Items in one": "-" if sizes.mean is None else f"{sizes.mean:.1f}",
        "p50": seconds_in_words(seconds.quantile(0.5)),
        "p95": seconds_in_words(seconds.quantile(0.95)),
    }


def _table(title: str, rows: list[dict[str, object]]) -> None:
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True, alt=f"{title}: {len(rows)}")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _of(point: Point, field: str) -> float | None:
    value: float | None = getattr(point, field)
    return value


def _unit(shown: str) -> str | None:
    return "seconds" if SHOWN[shown][0].endswith("_s") and shown != "Requests a second" else None
