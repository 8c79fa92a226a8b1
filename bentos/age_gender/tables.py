"""Tables of the schema ``demographics``."""

from __future__ import annotations

from bentos.common.database.base import Base
from bentos.common.database.usage import UsageColumns


class DemographicsUsage(UsageColumns, Base):
    """What was asked of age and gender."""

    __tablename__ = "demographics_usage"
    __table_args__ = {"schema": "demographics"}  # noqa: RUF012
