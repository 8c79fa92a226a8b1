"""Which pictures of a run are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import pandas as pd

from workbench.runs.model import Item
from workbench.runs.table import Row


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked for; what is empty, or as wide as can be, leaves all.

    Attributes:
        states: Of pictures.
        verdicts: One of its faces has one of these.
        scores: One of its verdicts has a score in this range.
        faces: It has so many faces, at least and at most.
        text: Stands in its name, digest, reason, code or message.
    """

    states: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()
    scores: tuple[float, float] = (0.0, 1.0)
    faces: tuple[int, int] = (0, 0)
    text: str = ""


def summary(items: list[Item], table: pd.DataFrame) -> pd.DataFrame:
    """One row a picture: number, name, state, faces, what was said of it, slowest request, why it failed.

    Args:
        items: Pictures of the run.
        table: Their ``face_table``.
    """
    parts: dict[int, list[Row]] = {}
    for row in table.to_dict("records"):
        parts.setdefault(row["number"], []).append(cast(Row, row))
    rows = [_row(item, parts[item.number]) for item in items]
    return pd.DataFrame(rows, columns=["number", "picture", "state", "faces", "said", "ms", "why"])


def chosen(table: pd.DataFrame, rows: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """The rows of ``summary`` that are asked for."""
    kept = pd.Series(True, index=rows.index)
    if choice.states:
        kept &= rows["state"].isin(choice.states)
    if choice.verdicts:
        kept &= rows["number"].isin(table.loc[table["verdict"].isin(choice.verdicts), "number"])
    if choice.scores != (0.0, 1.0):
        kept &= rows["number"].isin(table.loc[table["score"].between(*choice.scores), "number"])
    if choice.faces != (0, 0):
        kept &= rows["faces"].between(*choice.faces)
    if choice.text:
        kept &= rows["number"].isin(_with_text(table, choice.text))
    return rows[kept]


def _with_text(table: pd.DataFrame, text: str) -> pd.Series:
    hit = pd.Series(False, index=table.index)
    for name in ("picture", "digest", "reason", "code", "message", "request_id"):
        hit |= table[name].fillna("").str.contains(text, case=False, regex=False)
    return table.loc[hit, "number"]


def _row(item: Item, part: list[Row]) -> Row:
    faces = Counter(row["task"] for row in part if pd.notna(row["face"]))
    failed = {row["task"]: row["code"] for row in part if row["state"] == "failed"}
    spent = [row["latency_ms"] for row in part if pd.notna(row["latency_ms"])]
    return {
        "number": item.number,
        "picture": item.name,
        "state": str(item.state),
        "faces": max(faces.values(), default=0),
        "said": ", ".join(filter(None, map(words, part))),
        "ms": max(spent, default=None),
        "why": item.reason or "; ".join(f"{task}: {code}" for task, code in failed.items()),
    }


def words(row: Mapping[str, Any]) -> str:
    """A face's verdict in a row of ``face_table``, with its score; empty where there is none."""
    if not isinstance(row["verdict"], str):
        return ""
    if row["task"] == "demographics":
        return f"{row['verdict']} {row['age']:.0f}"
    return row["verdict"] if pd.isna(row["score"]) else f"{row['verdict']} {row['score']:.0%}"
