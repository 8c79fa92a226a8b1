"""What is read of a run to be shown: counts, speed, items, answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.runs.database import RunDatabase
from workbench.runs.items import item_of
from workbench.runs.model import Item, ItemState

RECENT_S = 30.0


@dataclass(frozen=True, slots=True)
class Counts:
    """Pictures by state, and answers (pictures times tasks) that are there, failed ones included, of all."""

    states: Mapping[ItemState, int]
    answered: int
    answers: int

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def progress(self) -> float:
        """Share of the answers that are there."""
        return self.answered / self.answers if self.answers else 1.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Answers a second lately, and the seconds that the rest will take at that; None where nothing came lately."""

    per_s: float
    left_s: float | None


class Overview:
    """Reads; changes nothing."""

    def __init__(self, database: RunDatabase) -> None:
        self._database = database

    def counts(self, run_id: str) -> Counts:
        """How many pictures are in which state; all states are named."""
        states = "SELECT state, COUNT(*) AS n FROM items WHERE run_id = ? GROUP BY state"
        answers = (
            "SELECT COUNT(*) AS n, SUM(state IN ('done', 'failed')) AS there FROM answers WHERE run_id = ?"
        )
        with self._database.read() as connection:
            found = {row["state"]: int(row["n"]) for row in connection.execute(states, (run_id,))}
            row = connection.execute(answers, (run_id,)).fetchone()
        return Counts(
            {state: found.get(state, 0) for state in ItemState}, int(row["there"] or 0), int(row["n"])
        )

    def pace(self, run_id: str) -> Pace:
        """Speed over the last half minute."""
        now = time.time()
        recent = "SELECT COUNT(*) AS n, MIN(answered_at) AS first FROM answers WHERE run_id = ? AND answered_at > ?"
        waiting = "SELECT COUNT(*) AS n FROM answers WHERE run_id = ? AND state IN ('waiting', 'sent')"
        with self._database.read() as connection:
            row = connection.execute(recent, (run_id, now - RECENT_S)).fetchone()
            left = int(connection.execute(waiting, (run_id,)).fetchone()["n"])
        if not row["n"]:
            return Pace(0.0, None)
        per_s = row["n"] / max(now - row["first"], 1.0)
        return Pace(per_s, left / per_s)

    def items(self, run_id: str) -> list[Item]:
        """All pictures, in order."""
        query = "SELECT * FROM items WHERE run_id = ? ORDER BY number"
        with self._database.read() as connection:
            return [item_of(row) for row in connection.execute(query, (run_id,))]

    def results(self, run_id: str) -> tuple[list[Item], list[dict[str, Any]]]:
        """All pictures and all answers, as ``items`` and ``answers`` give them, of one moment."""
        items = "SELECT * FROM items WHERE run_id = ? ORDER BY number"
        answers = "SELECT * FROM answers WHERE run_id = ? ORDER BY number, rank"
        with self._database.read() as connection:
            return (
                [item_of(row) for row in connection.execute(items, (run_id,))],
                [dict(row) for row in connection.execute(answers, (run_id,))],
            )

    def item(self, run_id: str, number: int) -> Item | None:
        """One picture."""
        query = "SELECT * FROM items WHERE run_id = ? AND number = ?"
        with self._database.read() as connection:
            row = connection.execute(query, (run_id, number)).fetchone()
        return None if row is None else item_of(row)

    def answers(self, run_id: str, number: int | None = None) -> list[dict[str, Any]]:
        """Answers as rows of the table ``answers``, by picture and task."""
        which = "run_id = ?" if number is None else "run_id = ? AND number = ?"
        values = (run_id,) if number is None else (run_id, number)
        query = f"SELECT * FROM answers WHERE {which} ORDER BY number, rank"  # noqa: S608
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query, values)]
