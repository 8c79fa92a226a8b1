"""A video's verdict over time: score, tracks and moments, on one time axis below the player."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bentos.contracts import Moment, VideoResult
from workbench.components.verdicts import percent

PICK = "pick"
"""Name of the selection in the chart of scores."""
CHART_HEIGHT, ROW_HEIGHT, AXIS_HEIGHT = 160, 22, 44


def clock(seconds: float) -> str:
    """Minutes and seconds, as a player shows them."""
    minutes, rest = divmod(max(seconds, 0.0), 60)
    return f"{int(minutes)}:{rest:04.1f}"


def scores_of(result: VideoResult) -> pd.DataFrame:
    """A row for each frame that was looked at: ``time``, ``score`` (None without a face), ``faces``."""
    rows = [
        {
            "time": point.time_s,
            "score": point.score if point.faces else None,
            "faces": point.faces,
            "at": clock(point.time_s),
        }
        for point in result.timeline
    ]
    return pd.DataFrame(rows, columns=["time", "score", "faces", "at"])


def tracks_of(result: VideoResult) -> pd.DataFrame:
    """A row for each face that was followed, the most suspicious first."""
    ranked = sorted(result.tracks, key=lambda track: track.score, reverse=True)
    rows = [
        {
            "Face": f"face {track.track_id}",
            "From": track.start_s,
            "To": track.end_s,
            "Seen": track.faces,
            "Score": track.score,
        }
        for track in ranked
    ]
    return pd.DataFrame(rows, columns=["Face", "From", "To", "Seen", "Score"])


def bars_of(result: VideoResult) -> pd.DataFrame:
    """The same for the chart; ``Until`` lasts until the next frame, so that a face seen once has a bar too."""
    table = tracks_of(result)
    until = table["To"] + 1 / result.sample_fps
    return table.assign(Until=until.clip(upper=result.duration_s))


def moments_of(result: VideoResult) -> list[tuple[Moment, str]]:
    """Where to jump to, and what the button says, the worst first."""
    ranked = sorted(result.moments, key=lambda moment: moment.score, reverse=True)
    return [(one, f"{clock(one.time_s)}, {percent(one.score)}, face {one.track_id}") for one in ranked]


def score_chart(result: VideoResult, threshold: float | None, at: float) -> dict[str, Any]:
    """Vega-Lite: the score over time, the threshold, and where the player was sent.

    A click on a point selects its time as ``time`` of the selection ``PICK``.
    """
    time = {"field": "time", "type": "quantitative", "axis": {"title": None, "grid": False}, **_scale(result)}
    score = {
        "field": "score",
        "type": "quantitative",
        "scale": {"domain": [0, 1]},
        "axis": {"title": None, "format": "%", "tickCount": 3, "orient": "right"},
    }
    tooltip = [
        {"field": "at", "title": "time"},
        {"field": "score", "title": "forged", "format": ".0%"},
        {"field": "faces", "title": "faces"},
    ]
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "line", "interpolate": "linear"}, "encoding": {"x": time, "y": score}},
        {
            "mark": {"type": "point", "filled": True, "size": 60},
            "encoding": {"x": time, "y": score, "tooltip": tooltip},
            "params": [
                {
                    "name": PICK,
                    "select": {"type": "point", "nearest": True, "fields": ["time"], "on": "click"},
                }
            ],
        },
        _rule({"x": {"datum": at}}, [4, 3]),
    ]
    if threshold is not None:
        layers.append(_rule({"y": {"datum": threshold}}, [2, 2]))
    return {"height": CHART_HEIGHT, "layer": layers}


def track_chart(result: VideoResult, at: float) -> dict[str, Any]:
    """Vega-Lite: each followed face as a bar from its first to its last moment, darker where more suspicious."""
    time = {"field": "From", "type": "quantitative", "axis": {"title": None, "grid": False}, **_scale(result)}
    bars = {
        "mark": {"type": "bar", "cornerRadius": 3, "minBandSize": 8},
        "encoding": {
            "x": time,
            "x2": {"field": "Until"},
            "y": {
                "field": "Face",
                "type": "nominal",
                "sort": None,
                "axis": {"title": None, "orient": "right", "labelOverlap": False},
            },
            "opacity": {
                "field": "Score",
                "type": "quantitative",
                "scale": {"domain": [0, 1], "range": [0.25, 1]},
                "legend": None,
            },
            "tooltip": [
                {"field": "Face"},
                {"field": "Score", "format": ".0%"},
                {"field": "From", "format": ".1f"},
                {"field": "To", "format": ".1f"},
            ],
        },
    }
    height = max(len(result.tracks), 1) * ROW_HEIGHT + AXIS_HEIGHT  # the axis is part of it
    return {"height": height, "layer": [bars, _rule({"x": {"datum": at}}, [4, 3])]}


def _scale(result: VideoResult) -> dict[str, Any]:
    """The same axis for both charts, as long as the player's."""
    return {"scale": {"domain": [0, max(result.duration_s, 0.1)], "nice": False}}


def _rule(encoding: dict[str, Any], dash: list[int]) -> dict[str, Any]:
    return {"mark": {"type": "rule", "strokeDash": dash, "opacity": 0.6}, "encoding": encoding}
