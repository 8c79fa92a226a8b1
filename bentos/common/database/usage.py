"""Columns of the tables that count what each tenant asked of a service, day by day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from bentos.common.database.tables import NAME


class UsageColumns:
    """Requests of a tenant on one day, by operation; no picture, no face, nobody's name."""

    tenant: Mapped[str] = mapped_column(String(NAME), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    operation: Mapped[str] = mapped_column(String(NAME), primary_key=True)
    requests: Mapped[int] = mapped_column(BigInteger, default=0)
    failed: Mapped[int] = mapped_column(BigInteger, default=0)
