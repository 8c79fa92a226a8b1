"""Writing a row that another process may write at the same moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bentos.common.database.base import Base


def insert_if_absent(session: Session, table: type[Base], **values: Any) -> bool:
    """Add a row unless one with the same keys is there; whether it was added.

    A row that another open transaction is adding is waited for, so that it is seen afterwards.
    """
    statement = upsert(session, table).values(**values)
    statement = statement.on_conflict_do_nothing()
    return bool(session.execute(statement).rowcount)  # type: ignore[attr-defined]


def insert_all_if_absent(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, but for those whose keys are there."""
    if rows:
        session.execute(upsert(session, table).on_conflict_do_nothing(), [*rows])


def upsert(session: Session, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT, in the dialect of the session's database."""
    embedded = session.get_bind().dialect.name == "sqlite"
    return sqlite.insert(table) if embedded else postgresql.insert(table)
