"""Tables of the schema ``audit``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bentos.common.database.base import Base
from bentos.common.database.tables import NAME

HASH = 64


class AuditEvent(Base):
    """One event of a tenant's chain. No picture, no embedding; triggers refuse every change.

    Attributes:
        seq: 1, 2, 3, … within the tenant, without a gap.
        previous: Hash of the event before; 64 zeros for the first.
        hash: SHA-256 over all other columns, ``previous`` included.
    """

    __tablename__ = "events"
    __table_args__ = {"schema": "audit"}  # noqa: RUF012

    tenant: Mapped[str] = mapped_column(String(NAME), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(NAME))
    role: Mapped[str] = mapped_column(String(32))
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[dict[str, Any]]
    request_id: Mapped[str] = mapped_column(String(128))
    outcome: Mapped[str] = mapped_column(String(64))
    details: Mapped[dict[str, Any]]
    previous: Mapped[str] = mapped_column(String(HASH))
    hash: Mapped[str] = mapped_column(String(HASH))


class AuditHead(Base):
    """The last event of each tenant: who appends locks it, and a chain that lost its end differs from it."""

    __tablename__ = "heads"
    __table_args__ = {"schema": "audit"}  # noqa: RUF012

    tenant: Mapped[str] = mapped_column(String(NAME), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(HASH))


class ChainCheck(Base):
    """What was found when a tenant's chain was last checked; the row without a tenant is of whole rounds.

    Attributes:
        checked_at: When that was.
        events: How many were sound, when the chain was last sound to its end.
        head: Hash of the last of them: a chain that was written anew, hashes and all, holds it no more.
        fault: What is wrong; null where the chain was sound to its end.
    """

    __tablename__ = "chain_checks"
    __table_args__ = {"schema": "audit"}  # noqa: RUF012

    tenant: Mapped[str] = mapped_column(String(NAME), primary_key=True)
    checked_at: Mapped[datetime]
    events: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[str] = mapped_column(String(HASH))
    fault: Mapped[str | None] = mapped_column(Text)
