"""What the database knows of its backups: who watches a service sees how old the last one is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bentos.common.database.conflicts import upsert
from bentos.common.database.tables import BackupNote

Kind = Literal["backup", "drill"]
"""A backup that was made, or a drill: one that was restored elsewhere and compared."""


@dataclass(frozen=True, slots=True)
class BackupRun:
    """One that succeeded.

    Attributes:
        kind: What was done.
        backup_id: The backup's name.
        started_at: When it began; aware.
        finished_at: When it was whole; aware.
        size_bytes: Of the backup, as it is kept.
    """

    kind: Kind
    backup_id: str
    started_at: datetime
    finished_at: datetime
    size_bytes: int


def note(session: Session, run: BackupRun) -> None:
    """Keep a run that succeeded; an earlier one of the same kind and backup gives way."""
    keys = ["kind", "backup_id"]
    values = asdict(run)
    others = {name: value for name, value in values.items() if name not in keys}
    statement = upsert(session, BackupNote).values(**values)
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=others))


def last(session: Session, kind: Kind) -> BackupRun | None:
    """The run that finished last."""
    row = session.scalars(
        select(BackupNote).where(BackupNote.kind == kind).order_by(BackupNote.finished_at.desc()).limit(1)
    ).first()
    if row is None:
        return None
    return BackupRun(kind, row.backup_id, row.started_at, row.finished_at, row.size_bytes)
