"""The runs themselves: begun, listed, wished for, deleted."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

from workbench.runs.database import RunDatabase
from workbench.runs.model import Run, RunSettings, Source, Wanted


class RunLedger:
    """Runs in the database."""

    def __init__(self, database: RunDatabase) -> None:
        self._database = database

    def add(self, run_id: str, environment: str, source: Source, settings: RunSettings) -> None:
        """A new run that is wanted to run."""
        row = (
            run_id,
            environment,
            source.model_dump_json(),
            settings.model_dump_json(),
            Wanted.RUN,
            time.time(),
        )
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO runs (run_id, environment, source, settings, wanted, created_at) VALUES (?,?,?,?,?,?)",
                row,
            )

    def find(self, run_id: str) -> Run | None:
        """A run by its id; None where there is none, or it is being deleted."""
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        return None if row is None or row["wanted"] == Wanted.DELETE else _run(row)

    def all(self) -> list[Run]:
        """Every run that is not being deleted, the latest first."""
        query = "SELECT * FROM runs WHERE wanted != ? ORDER BY created_at DESC, run_id"
        with self._database.read() as connection:
            return [_run(row) for row in connection.execute(query, (Wanted.DELETE,))]

    def unwanted(self) -> list[str]:
        """Runs whose deletion was begun."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT run_id FROM runs WHERE wanted = ?", (Wanted.DELETE,))
            return [row["run_id"] for row in rows]

    def want(self, run_id: str, wanted: Wanted, reason: str = "") -> None:
        """Write down what people want; a run that is being deleted stays so."""
        self._want(run_id, wanted, reason, [one for one in Wanted if one is not Wanted.DELETE])

    def stop(self, run_id: str, wanted: Wanted, reason: str = "") -> None:
        """The run stops by itself; what people want meanwhile goes before."""
        self._want(run_id, wanted, reason, [Wanted.RUN])

    def _want(self, run_id: str, wanted: Wanted, reason: str, before: Sequence[Wanted]) -> None:
        ended = time.time() if wanted in (Wanted.OVER, Wanted.CANCEL) else None
        with self._database.write() as connection:
            connection.execute(
                "UPDATE runs SET wanted = ?, reason = ?, ended_at = ?, revision = revision + 1 "  # noqa: S608
                f"WHERE run_id = ? AND wanted IN ({','.join('?' * len(before))})",
                (wanted, reason, ended, run_id, *before),
            )

    def explain(self, run_id: str, reason: str) -> None:
        """Write down why a run that is wanted does not go on; empty when it does."""
        with self._database.write() as connection:
            connection.execute("UPDATE runs SET reason = ? WHERE run_id = ?", (reason, run_id))

    def wanted(self, run_id: str) -> Wanted | None:
        """What is wanted of a run; None where it is gone."""
        with self._database.read() as connection:
            row = connection.execute("SELECT wanted FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        return None if row is None else Wanted(row["wanted"])

    def all_read(self, run_id: str) -> None:
        """Every picture of the source is among the items now."""
        with self._database.write() as connection:
            connection.execute("UPDATE runs SET read = 1 WHERE run_id = ?", (run_id,))

    def erase(self, run_id: str) -> None:
        """The run with its items and answers."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM runs WHERE run_id = ?", (run_id,))


def _run(row: sqlite3.Row) -> Run:
    return Run(
        run_id=row["run_id"],
        environment=row["environment"],
        source=Source.model_validate_json(row["source"]),
        settings=RunSettings.model_validate_json(row["settings"]),
        wanted=Wanted(row["wanted"]),
        reason=row["reason"],
        read=bool(row["read"]),
        created_at=row["created_at"],
        ended_at=row["ended_at"],
        revision=row["revision"],
    )
