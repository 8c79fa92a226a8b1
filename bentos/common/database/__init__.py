"""The relational store: what is true is written here, and every other store can be rebuilt from it."""

from bentos.common.database.base import SCHEMAS, Base, UtcTime, now
from bentos.common.database.engine import Database

__all__ = ["SCHEMAS", "Base", "Database", "UtcTime", "now"]
