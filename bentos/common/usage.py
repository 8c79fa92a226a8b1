"""How much each tenant asks of a service, day by day: counted in memory, written every few seconds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from bentos.common.database import Base, Database
from bentos.common.database.conflicts import upsert
from bentos.common.database.tables import NAME
from bentos.common.database.upgrade import upgrade
from bentos.common.database.usage import UsageColumns

logger = logging.getLogger(__name__)

Table = TypeVar("Table", bound=UsageColumns)
Key = tuple[str, int, str]
"""Tenant, days since 1970 in UTC, operation."""

DAY_S = 24 * 3600
FLUSH_EVERY_S = 15.0
RETRY_AT_MOST_EVERY_S = 120.0
CLOSE_LIMIT_S = 5.0
MAX_KEYS = 50_000
"""About 15 MB; a database that is away for long must not cost the service its memory."""


class UsageRecorder:
    """Counts answered requests and adds them to a table from a thread of its own.

    The database may be away, also from the start: what was counted waits for it, and nothing else notices. What
    a killed process had not written yet is lost, up to a quarter of a minute of it.

    Args:
        table: The service's own.
        database: Upgraded before the first count is written; ``close`` lets go of its connections.
    """

    def __init__(self, table: type[UsageColumns], database: Database) -> None:
        self._table = table
        self._database = database
        self._upgraded = False
        self._counts: dict[Key, list[int]] = {}
        self._uncounted = 0
        self._counting = threading.Lock()
        self._over = threading.Event()
        self._pause_s = FLUSH_EVERY_S
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)

    def count(self, tenant: str, operation: str, failed: bool) -> None:
        """Count one answered request, failed where its status was 400 or more; never waits and never raises."""
        if len(tenant) > NAME or not tenant.isprintable():
            tenant = _storable(tenant)
        key = (tenant, int(time.time() // DAY_S), operation)
        with self._counting:
            self._add(key, 1, int(failed))

    def start(self) -> None:
        """Write what is counted from now on, and at once bring the database to the program's tables."""
        self._thread.start()

    def close(self, limit_s: float = CLOSE_LIMIT_S) -> None:
        """Write what is left; a database that does not answer is waited for no longer than the limit."""
        self._over.set()
        if self._thread.ident is None:
            self.flush()
        else:
            self._thread.join(limit_s)
        self._database.close()

    def flush(self) -> None:
        """Add what has gathered to the table; what cannot be written waits for the next time."""
        with self._counting:
            counts, self._counts = self._counts, {}
            uncounted, self._uncounted = self._uncounted, 0
        if uncounted:
            logger.error("%d requests are not counted: too many tenants and operations wait", uncounted)
        try:
            self._write(counts)
            self._pause_s = FLUSH_EVERY_S
        except Exception as error:  # whatever keeps the counts from the database, the service answers on
            self._keep(counts)
            # Longer each time: every try is said in the log, and a database that comes back meets no crowd.
            self._pause_s = min(self._pause_s * 2, RETRY_AT_MOST_EVERY_S)
            logger.warning("usage cannot be written, the next try is in %.0f s: %r", self._pause_s, error)

    def _run(self) -> None:
        self.flush()
        while not self._over.wait(self._pause_s):
            self.flush()
        self.flush()

    def _write(self, counts: Mapping[Key, list[int]]) -> None:
        if not self._upgraded:
            upgrade(self._database)
            self._upgraded = True
        if not counts:
            return
        table = self._table
        # Replicas write the same rows; in one order they wait for each other and do not deadlock.
        rows = [_row(key, *counts[key]) for key in sorted(counts)]
        with self._database.write() as session:
            statement = upsert(session, cast("type[Base]", table))
            more = {
                "requests": table.requests + statement.excluded.requests,
                "failed": table.failed + statement.excluded.failed,
            }
            keys = ["tenant", "day", "operation"]
            session.execute(statement.on_conflict_do_update(index_elements=keys, set_=more), rows)

    def _keep(self, counts: Mapping[Key, list[int]]) -> None:
        with self._counting:
            for key, (requests, failed) in counts.items():
                self._add(key, requests, failed)

    def _add(self, key: Key, requests: int, failed: int) -> None:
        found = self._counts.get(key)
        if found is not None:
            found[0] += requests
            found[1] += failed
        elif len(self._counts) < MAX_KEYS:
            self._counts[key] = [requests, failed]
        else:
            self._uncounted += requests


def days(
    session: Session, table: type[Table], tenant: str | None = None, since: date | None = None
) -> list[Table]:
    """Rows of a table by day, tenant and operation; of one tenant, and from a day (UTC) on, where asked for."""
    query = select(table).order_by(table.day, table.tenant, table.operation)
    if tenant is not None:
        query = query.where(table.tenant == tenant)
    if since is not None:
        query = query.where(table.day >= since)
    return list(session.scalars(query))


def today() -> date:
    """The day that is counted now, in UTC."""
    return datetime.now(UTC).date()


def _row(key: Key, requests: int, failed: int) -> dict[str, Any]:
    tenant, day, operation = key
    at = date.fromordinal(_EPOCH + day)
    return {"tenant": tenant, "day": at, "operation": operation, "requests": requests, "failed": failed}


def _storable(tenant: str) -> str:
    """A name that both databases take: PostgreSQL refuses NUL, neither takes half of a surrogate pair."""
    return tenant.encode("utf-8", "replace").decode().replace("\0", "?")[:NAME]


_EPOCH = date(1970, 1, 1).toordinal()
