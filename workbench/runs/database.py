"""The SQLite file of the runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

TIMEOUT_S = 30.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
  run_id TEXT PRIMARY KEY, environment TEXT NOT NULL, source TEXT NOT NULL, settings TEXT NOT NULL,
  wanted TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', read INTEGER NOT NULL DEFAULT 0,
  created_at REAL NOT NULL, ended_at REAL, revision INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS items (
  run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, number INTEGER NOT NULL, name TEXT NOT NULL,
  digest TEXT, path TEXT, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (run_id, number)
);
CREATE UNIQUE INDEX IF NOT EXISTS items_digest ON items (run_id, digest);
CREATE TABLE IF NOT EXISTS answers (
  run_id TEXT NOT NULL, number INTEGER NOT NULL, task TEXT NOT NULL, rank INTEGER NOT NULL, state TEXT NOT NULL,
  breaks INTEGER NOT NULL DEFAULT 0, data TEXT, code TEXT, message TEXT, request_id TEXT,
  models TEXT NOT NULL DEFAULT '[]', latency_ms REAL, service_ms REAL, together INTEGER, answered_at REAL,
  PRIMARY KEY (run_id, number, task),
  FOREIGN KEY (run_id, number) REFERENCES items ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS answers_state ON answers (run_id, state, number, rank);
"""


class RunDatabase:
    """Opens a connection for each piece of work, so that threads share none.

    Args:
        path: The file; made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # The last connection to be closed would write the log back into the file each time.
        self._anchor = self._connect(shared=True)
        self._anchor.executescript(SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._anchor.close()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection to read with; all that is read belongs to one moment."""
        with closing(self._connect()) as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is kept, or nothing where it raises."""
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def _connect(self, shared: bool = False) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=TIMEOUT_S, isolation_level=None, check_same_thread=not shared
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection
