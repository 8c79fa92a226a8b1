"""Tables of the schema ``face_detection``."""

from __future__ import annotations

from bentos.common.database.base import Base
from bentos.common.database.usage import UsageColumns


class DetectionUsage(UsageColumns, Base):
    """What was asked of face detection."""

    __tablename__ = "detection_usage"
    __table_args__ = {"schema": "face_detection"}  # noqa: RUF012
