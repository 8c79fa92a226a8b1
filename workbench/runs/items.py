"""The pictures of runs and what was answered: each change is one transaction, so that no picture counts twice."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from workbench.runs.database import RunDatabase
from workbench.runs.model import Answered, Item, ItemState, RunSettings, Unit

ALONE_AFTER = 3
"""Broken connections of a healthy service after which a picture is sent alone."""
GIVEN_UP_AFTER = 6
"""The same, after which it is given up: it is the picture that breaks them."""

# The state of a picture is that of its answers: under way, waiting, failed with one, or done with all.
_STATE = """
UPDATE items SET state = (
  SELECT CASE WHEN SUM(state = 'sent') THEN 'sent' WHEN SUM(state = 'waiting') THEN 'waiting'
              WHEN SUM(state = 'failed') THEN 'failed' ELSE 'done' END
  FROM answers WHERE answers.run_id = items.run_id AND answers.number = items.number)
WHERE run_id = ? AND state != 'skipped'
"""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry of a source: a picture to be sent, or the reason why it is not."""

    name: str
    digest: str | None = None
    path: str | None = None
    reason: str = ""


class ItemStore:
    """Items and answers in the database."""

    def __init__(self, database: RunDatabase) -> None:
        self._database = database

    def clear(self, run_id: str) -> None:
        """Forget what an interrupted reading of the source found."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM items WHERE run_id = ?", (run_id,))

    def add(self, run_id: str, first: int, found: Sequence[Found], tasks: Sequence[str]) -> None:
        """Write down entries of the source, numbered from ``first``; the same picture again is skipped."""
        with self._database.write() as connection:
            for number, entry in enumerate(found, first):
                _add(connection, run_id, number, entry, tasks)
            connection.execute("UPDATE runs SET revision = revision + 1 WHERE run_id = ?", (run_id,))

    def take(self, run_id: str, settings: RunSettings, blocked: Collection[str]) -> Unit | None:
        """The next pictures for one request; they count as sent from now on.

        Args:
            run_id: Of the run.
            settings: How many go together.
            blocked: Tasks that are not asked now.

        Returns:
            None where nothing waits.
        """
        marks = ",".join("?" * len(blocked))
        query = (
            f"SELECT number, task, breaks FROM answers WHERE run_id = ? AND state = 'waiting' "  # noqa: S608
            f"AND task NOT IN ({marks}) ORDER BY number, rank LIMIT 1"
        )
        with self._database.write() as connection:
            first = connection.execute(query, (run_id, *blocked)).fetchone()
            if first is None:
                return None
            numbers = _companions(connection, run_id, first, settings.together)
            _mark(connection, run_id, first["task"], numbers, ItemState.SENT)
            return Unit(first["task"], tuple(_item(connection, run_id, number) for number in numbers))

    def put_back(self, run_id: str, unit: Unit, *, broke: bool = False) -> None:
        """Let pictures wait again; ``broke`` where a healthy service broke the connection over them."""
        numbers = [item.number for item in unit.items]
        with self._database.write() as connection:
            _mark(connection, run_id, unit.task, numbers, ItemState.WAITING)
            if broke:
                connection.executemany(
                    "UPDATE answers SET breaks = breaks + 1 WHERE run_id = ? AND number = ? AND task = ?",
                    [(run_id, number, unit.task) for number in numbers],
                )

    def breaks(self, run_id: str, number: int, task: str) -> int:
        """How often a healthy service broke the connection over this picture."""
        query = "SELECT breaks FROM answers WHERE run_id = ? AND number = ? AND task = ?"
        with self._database.read() as connection:
            row = connection.execute(query, (run_id, number, task)).fetchone()
        return 0 if row is None else int(row["breaks"])

    def write(self, run_id: str, answers: Sequence[Answered]) -> None:
        """What came back; an answer that is there already, or whose picture is gone, changes nothing."""
        with self._database.write() as connection:
            for one in answers:
                _write(connection, run_id, one)
            _settle(connection, run_id, [one.number for one in answers])

    def requeue(self, run_id: str) -> None:
        """What was sent when the process ended waits again: whether it was answered is not known."""
        self._reset(run_id, ItemState.SENT)

    def again(self, run_id: str) -> None:
        """What failed waits again, and what it failed of is forgotten."""
        self._reset(run_id, ItemState.FAILED)

    def skip_rest(self, run_id: str, reason: str) -> None:
        """Pictures that are not at their end are skipped, with the answers that they have got so far."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE items SET state = 'skipped', reason = ? "
                "WHERE run_id = ? AND state IN ('waiting', 'sent')",
                (reason, run_id),
            )
            connection.execute(
                "DELETE FROM answers WHERE run_id = ? AND state IN ('waiting', 'sent')", (run_id,)
            )
            connection.execute("UPDATE runs SET revision = revision + 1 WHERE run_id = ?", (run_id,))

    def _reset(self, run_id: str, state: ItemState) -> None:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE answers SET state = 'waiting', breaks = 0, code = NULL, message = NULL, request_id = NULL, "
                "latency_ms = NULL, service_ms = NULL, answered_at = NULL WHERE run_id = ? AND state = ? "
                "AND number NOT IN (SELECT number FROM items WHERE run_id = ? AND state = 'skipped')",
                (run_id, state, run_id),
            )
            connection.execute(_STATE, (run_id,))
            connection.execute("UPDATE runs SET revision = revision + 1 WHERE run_id = ?", (run_id,))


def _add(
    connection: sqlite3.Connection, run_id: str, number: int, entry: Found, tasks: Sequence[str]
) -> None:
    row = (run_id, number, entry.name, entry.digest, entry.path)
    insert = "INSERT INTO items (run_id, number, name, digest, path, state, reason) VALUES (?,?,?,?,?,?,?)"
    if entry.digest is None:
        connection.execute(insert, (*row, ItemState.SKIPPED, entry.reason))
        return
    query = "SELECT name FROM items WHERE run_id = ? AND digest = ?"
    earlier = connection.execute(query, (run_id, entry.digest)).fetchone()
    if earlier is not None:
        reason = f"The same picture as {earlier['name']}"
        connection.execute(insert, (run_id, number, entry.name, None, entry.path, ItemState.SKIPPED, reason))
        return
    connection.execute(insert, (*row, ItemState.WAITING, ""))
    connection.executemany(
        "INSERT INTO answers (run_id, number, task, rank, state) VALUES (?,?,?,?,'waiting')",
        [(run_id, number, task, rank) for rank, task in enumerate(tasks)],
    )


def _companions(connection: sqlite3.Connection, run_id: str, first: sqlite3.Row, together: int) -> list[int]:
    if first["breaks"] >= ALONE_AFTER:
        return [int(first["number"])]
    rows = connection.execute(
        "SELECT number FROM answers WHERE run_id = ? AND state = 'waiting' AND task = ? AND breaks < ? "
        "ORDER BY number LIMIT ?",
        (run_id, first["task"], ALONE_AFTER, together),
    )
    return [int(row["number"]) for row in rows]


def _mark(
    connection: sqlite3.Connection, run_id: str, task: str, numbers: Sequence[int], state: ItemState
) -> None:
    connection.executemany(
        "UPDATE answers SET state = ? WHERE run_id = ? AND number = ? AND task = ? AND state IN ('waiting', 'sent')",
        [(state, run_id, number, task) for number in numbers],
    )
    _settle(connection, run_id, numbers)


def _write(connection: sqlite3.Connection, run_id: str, one: Answered) -> None:
    connection.execute(
        "UPDATE answers SET state = ?, data = ?, code = ?, message = ?, request_id = ?, models = ?, "
        "latency_ms = ?, service_ms = ?, together = ?, answered_at = ? "
        "WHERE run_id = ? AND number = ? AND task = ? AND state IN ('waiting', 'sent')",
        (
            ItemState.DONE if one.data is not None else ItemState.FAILED,
            one.data,
            one.code,
            one.message,
            one.request_id,
            one.models,
            one.latency_ms,
            one.service_ms,
            one.together,
            time.time(),
            run_id,
            one.number,
            one.task,
        ),
    )


def _settle(connection: sqlite3.Connection, run_id: str, numbers: Sequence[int]) -> None:
    connection.executemany(f"{_STATE} AND number = ?", [(run_id, number) for number in numbers])
    connection.execute("UPDATE runs SET revision = revision + 1 WHERE run_id = ?", (run_id,))


def _item(connection: sqlite3.Connection, run_id: str, number: int) -> Item:
    query = "SELECT * FROM items WHERE run_id = ? AND number = ?"
    return item_of(connection.execute(query, (run_id, number)).fetchone())


def item_of(row: sqlite3.Row) -> Item:
    """An item from its row."""
    return Item(
        number=row["number"],
        name=row["name"],
        digest=row["digest"],
        path=row["path"],
        state=ItemState(row["state"]),
        reason=row["reason"],
    )
