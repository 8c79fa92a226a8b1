"""Tables of the schema ``deepfake_detection``."""

from __future__ import annotations

from bentos.common.database.base import Base
from bentos.common.database.usage import UsageColumns


class DeepfakeUsage(UsageColumns, Base):
    """What was asked of deepfake detection."""

    __tablename__ = "deepfake_usage"
    __table_args__ = {"schema": "deepfake_detection"}  # noqa: RUF012
