"""How long requests took: quantiles and a histogram."""

from __future__ import annotations

from typing import Any

import pandas as pd

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
# M. Okabe and K. Ito, "Color Universal Design", 2008.
COLOURS = {
    "detect": "#0072B2",
    "liveness": "#D55E00",
    "deepfake": "#CC79A7",
    "demographics": "#009E73",
    "embed": "#E69F00",
}


def requests_of(table: pd.DataFrame) -> pd.DataFrame:
    """A row for each request that was answered: ``task``, ``latency_ms``, ``service_ms``, ``together``.

    Args:
        table: As ``face_table`` makes it; pictures that went together share a request.
    """
    answered = table.dropna(subset=["latency_ms"])
    alone = answered["number"].where(answered["together"] == 1, 0)
    once = answered.assign(alone=alone).drop_duplicates(["task", "request_id", "alone"])
    return once[["task", "latency_ms", "service_ms", "together"]].reset_index(drop=True)


def quantiles(requests: pd.DataFrame) -> pd.DataFrame:
    """A row a task: how many requests, and the milliseconds below which half, 95 % and 99 % of them lie."""
    rows = [
        {"task": task, "requests": len(part), **{name: part.quantile(at) for name, at in QUANTILES.items()}}
        for task, part in requests.groupby("task", sort=False)["latency_ms"]
    ]
    return pd.DataFrame(rows, columns=["task", "requests", *QUANTILES])


def histogram(task: str) -> dict[str, Any]:
    """Vega-Lite: requests of a task by latency."""
    return {
        "mark": {"type": "bar", "color": COLOURS[task]},
        "encoding": {
            "x": {"field": "latency_ms", "type": "quantitative", "bin": {"maxbins": 40}, "title": "ms"},
            "y": {"aggregate": "count", "title": "requests"},
        },
        "height": 180,
    }
