"""What the gate decided, row by row."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that was looked at.

    Attributes:
        metric: Of a measure, or what else was looked at: ``models``, ``data``, ``size``, ``speed``.
        dataset: Of the measure.
        group: The part of the set; ``gap of gender`` for the gap between its parts.
        champion: Its value, where there is one.
        candidate: Its value.
        tolerance: How much worse the candidate may be.
        accepted: The verdict.
        reason: In words.
    """

    metric: str
    accepted: bool
    reason: str
    dataset: str | None = None
    group: str | None = None
    champion: float | None = None
    candidate: float | None = None
    tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The table, and what follows from it."""

    rows: tuple[Row, ...]

    @property
    def accepted(self) -> bool:
        """Whether nothing speaks against it; a table of nothing speaks for nobody."""
        return bool(self.rows) and all(row.accepted for row in self.rows)

    @property
    def refusals(self) -> tuple[Row, ...]:
        """What speaks against it."""
        return tuple(row for row in self.rows if not row.accepted)

    def to_json(self) -> str:
        """For MLflow; what is no number is null."""
        rows = [{name: _plain(value) for name, value in asdict(row).items()} for row in self.rows]
        return json.dumps({"accepted": self.accepted, "rows": rows}, indent=2, allow_nan=False) + "\n"


def refused(metric: str, reason: str) -> Decision:
    """A refusal for a reason that stands before any measuring."""
    return Decision((Row(metric=metric, accepted=False, reason=reason),))


def _plain(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
