"""Replicas with an index of their own: each follows what the others commit to the database they share."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlalchemy import BigInteger, Text, cast, delete, func, select
from sqlalchemy.orm import Session

from bentos.common.database import now
from bentos.face_recognition.gallery.settlement import Settlement
from bentos.face_recognition.gallery.stores import Stores
from bentos.face_recognition.tables import Change

KEPT = timedelta(days=1)
"""A replica that starts compares everything; one that runs is never so far behind."""


class Following:
    """Brings this process's index up to the database before it is searched.

    Where one Milvus serves all replicas, or one process is alone with an SQLite file, there is nothing to follow.
    Changes carry the number of their transaction. All below the oldest one that was open when they were last read
    have been seen (``pg_snapshot_xmin``, PostgreSQL manual, "Transaction ID and Snapshot Information Functions");
    those from there on are read again, so that one that commits late is not missed.
    """

    def __init__(self, stores: Stores, settlement: Settlement) -> None:
        self._stores = stores
        self._settlement = settlement
        self._from = 0
        self._seen: set[int] = set()
        self._reading = threading.Lock()

    @property
    def needed(self) -> bool:
        """Whether others write to the database, and not to this index."""
        return self._stores.index.private and not self._stores.database.embedded

    def begin(self) -> None:
        """Follow from this moment; what is there already is compared after it."""
        if self.needed:
            with self._reading, self._stores.database.read(snapshot=True) as session:
                self._from, self._seen = _oldest_open(session), set()

    def catch_up(self) -> None:
        """Bring in what has changed.

        Raises:
            DependencyUnavailable: A store does not answer.
        """
        if not self.needed:
            return
        with self._reading:
            with self._stores.database.read(snapshot=True) as session:
                upto = _oldest_open(session)
                changes = session.scalars(select(Change).where(Change.mark >= self._from)).all()
            self._settlement.follow([change for change in changes if change.id not in self._seen])
            self._from, self._seen = upto, {change.id for change in changes}

    def forget_old(self) -> None:
        """Remove changes that everybody has seen long ago."""
        with self._stores.database.write() as session:
            session.execute(delete(Change).where(Change.created_at < now() - KEPT))


def _oldest_open(session: Session) -> int:
    """Number of the oldest transaction that is open: the ones before it are all seen."""
    xmin = func.pg_snapshot_xmin(func.pg_current_snapshot())
    return session.scalar(select(cast(cast(xmin, Text), BigInteger))) or 0
