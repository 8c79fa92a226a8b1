"""Labels in a SQLite file; pictures beside it where people asked to keep them."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from workbench.labels.model import Label, Subject

SCHEMA = """
CREATE TABLE IF NOT EXISTS labels (
  task TEXT NOT NULL, digest TEXT NOT NULL, second TEXT NOT NULL, face INTEGER NOT NULL, model TEXT NOT NULL,
  version TEXT NOT NULL, environment TEXT NOT NULL, who TEXT NOT NULL, correct INTEGER NOT NULL, truth TEXT NOT NULL,
  note TEXT NOT NULL, answer TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (task, digest, second, face, model, version, environment, who)
)
"""
_KEY = "task = ? AND digest = ? AND second = ? AND face = ?"


class LabelStore:
    """Labels and kept pictures.

    Args:
        folder: Made where it is missing, for its owner alone.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path, self._pictures = folder / "labels.sqlite", folder / "pictures"
        with self._open() as connection:
            connection.execute(SCHEMA)

    def put(self, label: Label) -> None:
        """Keep a label; an earlier one by the same person of the same answer and model is replaced."""
        one = label.subject
        row = (
            *(one.task, one.digest, one.second, one.face),
            *(label.model, label.version, label.environment, label.who, label.right),
            *(json.dumps(dict(label.truth)), label.note, json.dumps(dict(label.answer)), label.at),
        )
        with self._open() as connection:
            connection.execute("INSERT OR REPLACE INTO labels VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", row)

    def latest(self, subject: Subject) -> Label | None:
        """The last label of an answer, by whomever."""
        query = f"SELECT * FROM labels WHERE {_KEY} ORDER BY at DESC LIMIT 1"  # noqa: S608
        with self._open() as connection:
            row = connection.execute(query, _key(subject)).fetchone()
        return None if row is None else _label(row)

    def all(self, task: str | None = None) -> list[Label]:
        """Labels, the latest first; of one task, or of all."""
        query = "SELECT * FROM labels WHERE ? IS NULL OR task = ? ORDER BY at DESC"
        with self._open() as connection:
            return [_label(row) for row in connection.execute(query, (task, task))]

    def remove(self, subject: Subject) -> None:
        """All labels of an answer, and pictures that no label speaks of any more."""
        with self._open() as connection:
            connection.execute(f"DELETE FROM labels WHERE {_KEY}", _key(subject))  # noqa: S608
            rows = connection.execute("SELECT digest, second FROM labels").fetchall()
        spoken_of = {digest for row in rows for digest in row}
        for digest in {subject.digest, subject.second} - spoken_of - {""}:
            (self._pictures / digest).unlink(missing_ok=True)

    def keep_picture(self, digest: str, data: bytes) -> None:
        """Keep a picture, because somebody asked for it."""
        self._pictures.mkdir(exist_ok=True)
        part = self._pictures / f"{digest}.part"
        part.write_bytes(data)
        os.replace(part, self._pictures / digest)

    def picture(self, digest: str) -> bytes | None:
        """A kept picture."""
        try:
            return (self._pictures / digest).read_bytes()
        except OSError:
            return None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=30)) as connection, connection:
            connection.row_factory = sqlite3.Row
            yield connection


def _key(subject: Subject) -> tuple[str, str, str, int]:
    return (subject.task, subject.digest, subject.second, subject.face)


def _label(row: sqlite3.Row) -> Label:
    return Label(
        subject=Subject(row["task"], row["digest"], row["second"], row["face"]),
        right=bool(row["correct"]),
        truth=json.loads(row["truth"]),
        note=row["note"],
        answer=json.loads(row["answer"]),
        model=row["model"],
        version=row["version"],
        environment=row["environment"],
        who=row["who"],
        at=row["at"],
    )
