"""Which of a driver's errors say that the database cannot be used at this moment, and which are faults of a query."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError

from bentos.common.errors import DependencyUnavailable

logger = logging.getLogger(__name__)

UNUSABLE = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)
"""SQLite's driver has one class for a full disk and for a wrong query; the codes tell them apart."""
PRIMARY = 0xFF


@contextmanager
def unavailable(url: URL) -> Iterator[None]:
    """What the driver says of a database that cannot be used, as the project's error; other errors pass.

    Raises:
        DependencyUnavailable: It does not answer, or took too long.
    """
    try:
        yield
    except TimeoutError as error:  # no connection of the pool became free
        raise _no_answer(url, error) from error
    except DBAPIError as error:
        if _cannot_be_used(error):
            raise _no_answer(url, error) from error
        raise


def _cannot_be_used(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & PRIMARY in UNUSABLE
    return error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))


def _no_answer(url: URL, error: Exception) -> DependencyUnavailable:
    logger.error("database: %s", error)
    where = url.host or url.database
    return DependencyUnavailable(f"The database at {where} does not answer.", {"dependency": "database"})
