"""A trial as figures and as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.comparing.asking import Asking, Reply
from workbench.comparing.difference import Difference, Kind, Pair, difference
from workbench.comparing.opinions import COMPARED, Opinion

SIDES = ("A", "B")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Summary:
    """Of a trial.

    Attributes:
        agreed: Pictures about which both sides say the same.
        compared: Pictures about which both sides said something.
        kinds: How many pictures differ in which way.
    """

    agreed: int
    compared: int
    kinds: Mapping[Kind, int]


def differences(first: Asking, second: Asking) -> list[Difference]:
    """Of all pictures, those first that are to be looked at first."""
    task, span = first.task, COMPARED[first.task].span
    made = [
        difference(task, number, shot, first.replies.get(number), second.replies.get(number), span)
        for number, shot in enumerate(first.shots)
    ]
    return sorted(made, key=lambda one: one.rank)


def summary(found: Sequence[Difference]) -> Summary:
    """Counts of what differs."""
    both = [one for one in found if one.both]
    return Summary(sum(one.agrees for one in both), len(both), Counter(one.kind for one in found))


def mean_latency(asking: Asking) -> float | None:
    """Milliseconds of a request, without those that the service remembered; None where there is none."""
    spent = [
        reply.latency_ms
        for reply in asking.replies.values()
        if reply.latency_ms is not None and not reply.cached
    ]
    return sum(spent) / len(spent) if spent else None


def picture_table(found: Sequence[Difference]) -> pd.DataFrame:
    """One row a picture: what differs, by how much, and what each side said."""
    rows = [
        {
            "picture": one.shot.name,
            "kind": str(one.kind),
            **{side: _words(one, place) for place, side in enumerate(SIDES)},
            "gap": one.gap if one.both else None,
            "overlap": one.overlap if one.both else None,
        }
        for one in found
    ]
    return pd.DataFrame(rows, columns=["picture", "kind", *SIDES, "gap", "overlap"])


def face_table(found: Sequence[Difference]) -> pd.DataFrame:
    """One row a face, or a picture without any: all that there is, for a spreadsheet."""
    rows = [
        {**_shared(one), **(_of_pair(pair) if pair is not None else {})}
        for one in found
        for pair in one.pairs or (None,)
    ]
    return pd.DataFrame(rows)


def score_table(found: Sequence[Difference]) -> pd.DataFrame:
    """One row a face that both sides scored: ``picture``, ``A``, ``B``, ``verdict`` (same or differs)."""
    rows = [
        {
            "picture": one.shot.name,
            "A": pair.first.score,
            "B": pair.second.score,
            "verdict": "same" if pair.agrees else "differs",
        }
        for one in found
        for pair in one.pairs
        if pair.first is not None and pair.second is not None
        if pair.first.score is not None and pair.second.score is not None
    ]
    return pd.DataFrame(rows, columns=["picture", "A", "B", "verdict"])


def csv_of(table: pd.DataFrame) -> bytes:
    """UTF-8; text that a spreadsheet would take for a formula begins with an apostrophe."""
    texts = table.select_dtypes(exclude=["number", "bool"]).columns
    return table.assign(**{name: table[name].map(_no_formula) for name in texts}).to_csv(index=False).encode()


def _no_formula(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _words(one: Difference, place: int) -> str:
    reply = one.replies[place]
    if reply is None:
        return ""
    if reply.data is None:
        return reply.code or ""
    opinions = [pair.first if place == 0 else pair.second for pair in one.pairs]
    return ", ".join(opinion.label for opinion in opinions if opinion is not None) or "no face"


def _shared(one: Difference) -> dict[str, Any]:
    row: dict[str, Any] = {"picture": one.shot.name, "digest": one.shot.digest, "kind": str(one.kind)}
    for side, reply in zip(SIDES, one.replies, strict=True):
        row |= {f"{name}_{side}": value for name, value in _of_reply(reply or Reply()).items()}
    return row


def _of_reply(reply: Reply) -> dict[str, Any]:
    model = reply.models[-1] if reply.models else None
    return {
        "code": reply.code,
        "model": None if model is None else model.name,
        "version": None if model is None else model.version,
        "latency_ms": reply.latency_ms,
        "service_ms": reply.service_ms,
        "request_id": reply.request_id,
    }


def _of_pair(pair: Pair) -> dict[str, Any]:
    row: dict[str, Any] = {"overlap": pair.overlap, "gap": pair.gap, "agrees": pair.agrees}
    for side, opinion in zip(SIDES, (pair.first, pair.second), strict=True):
        row |= {f"{name}_{side}": value for name, value in _of_opinion(opinion).items()}
    return row


def _of_opinion(opinion: Opinion | None) -> dict[str, Any]:
    box = None if opinion is None else opinion.box
    return {
        "verdict": None if opinion is None else opinion.verdict,
        "score": None if opinion is None else opinion.score,
        **{name: None if box is None else getattr(box, name) for name in ("x", "y", "width", "height")},
    }
