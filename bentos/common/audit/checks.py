"""Chains are checked by themselves, now and then, by one replica for all."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import select, text

from bentos.common.audit.chain import ChainReport, tenants_of, verify
from bentos.common.audit.records import NOTHING
from bentos.common.audit.tables import ChainCheck
from bentos.common.database import Database, now
from bentos.common.database.conflicts import upsert
from bentos.common.errors import FaceSocialError

logger = logging.getLogger(__name__)

EVERYBODY = ""
"""Stands for a whole round in the table; no tenant has an empty name."""
LOOKS = 4
"""Into the table, in the time between two rounds: so soon another replica follows one that is gone."""
LOCK_KEY = 0x41756469
"""Of PostgreSQL's advisory lock; any number that nobody else uses."""
OWNER_ONLY = 0o600


class ChainChecks:
    """Rounds through all tenants' chains, each to its end; what was found is kept in a table.

    A chain is held against the end that it had when it was last found sound. So one that was cut off or written
    anew is broken also where all its hashes fit, and stays so until it holds again what was known of it.

    A long chain takes its time: rounds have a thread of their own, so that nothing else waits for them.

    Args:
        database: Holds the chains and what is found.
        interval_s: A round is due when the last whole one, whoever made it, is so old.
    """

    def __init__(self, database: Database, interval_s: float) -> None:
        self._database = database
        self._interval_s = interval_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        """Begin, with a round if one is due; called again it does nothing."""
        if self._thread.ident is None and not self._over.is_set():
            self._thread.start()

    def close(self, limit_s: float = 10.0) -> None:
        """End; a round in work ends with the chain in hand and is not kept."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join(limit_s)

    def check_if_due(self) -> bool:
        """Make a round, unless there was one lately or another process makes one; whether a whole one was made.

        Raises:
            DependencyUnavailable: The database does not answer.
        """
        with self._alone() as alone:
            return alone and self._is_due() and self._round()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self.check_if_due()
            except FaceSocialError as error:
                logger.warning("the check of audit chains waits: %s", error.message)
            except Exception:
                logger.exception("the check of audit chains failed; it is tried again")
            self._over.wait(self._interval_s / LOOKS)

    def _is_due(self) -> bool:
        with self._database.read() as session:
            last = session.scalar(select(ChainCheck.checked_at).where(ChainCheck.tenant == EVERYBODY))
        # Clocks of replicas differ a little, and one that was set back must not stop the checks.
        return last is None or abs(now() - last) >= timedelta(seconds=self._interval_s)

    def _round(self) -> bool:
        with self._database.read() as session:
            known = {row.tenant: row for row in session.scalars(select(ChainCheck))}
            names = {*tenants_of(session), *known} - {EVERYBODY}
        reports: list[ChainReport] = []
        for name in sorted(names):
            if self._over.is_set():
                return False
            before = known.get(name)
            with self._database.read(snapshot=True) as session:
                reports.append(verify(session, name, before.head if before else None))
        self._keep([_row(report, known.get(report.tenant), now()) for report in reports])
        _say(reports)
        return True

    def _keep(self, rows: Sequence[dict[str, Any]]) -> None:
        events = sum(row["events"] for row in rows)
        whole = {"tenant": EVERYBODY, "checked_at": now(), "events": events, "head": NOTHING, "fault": None}
        with self._database.write() as session:
            statement = upsert(session, ChainCheck)
            others = {name: statement.excluded[name] for name in ("checked_at", "events", "head", "fault")}
            session.execute(
                statement.on_conflict_do_update(index_elements=["tenant"], set_=others), [*rows, whole]
            )

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether no other process makes a round, nor does until the end of the block."""
        if self._database.embedded:
            lock = FileLock(f"{self._database.file}.audit.lock", mode=OWNER_ONLY)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                yield False
                return
            try:
                yield True
            finally:
                lock.release()
            return
        with self._database.read() as session:  # the lock ends with its transaction
            yield bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": LOCK_KEY}))


def _row(report: ChainReport, before: ChainCheck | None, at: datetime) -> dict[str, Any]:
    sound = report if before is None or report.fault is None else before
    fault = report.fault and f"event {report.fault.seq}: {report.fault.reason}"
    return {
        "tenant": report.tenant,
        "checked_at": at,
        "events": sound.events,
        "head": sound.head,
        "fault": fault,
    }


def _say(reports: Sequence[ChainReport]) -> None:
    for report in reports:
        if (fault := report.fault) is not None:
            logger.error(
                "the audit chain of %r is broken: event %d: %s", report.tenant, fault.seq, fault.reason
            )
