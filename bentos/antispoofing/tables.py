"""Tables of the schema ``antispoofing``."""

from __future__ import annotations

from bentos.common.database.base import Base
from bentos.common.database.usage import UsageColumns


class LivenessUsage(UsageColumns, Base):
    """What was asked of antispoofing."""

    __tablename__ = "liveness_usage"
    __table_args__ = {"schema": "antispoofing"}  # noqa: RUF012
