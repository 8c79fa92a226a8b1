"""Tables of the schema ``deepfake_detection``: the truth about videos and their jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bentos.common.database.base import Base, now
from bentos.common.database.tables import ID, NAME
from bentos.common.database.usage import UsageColumns

SCHEMA = "deepfake_detection"
DIGEST = 64
WORD = 32


class VideoJob(Base):
    """One video and what becomes of it.

    Attributes:
        id: What the caller knows it by, and the name of its upload.
        status: A ``JobStatus``.
        request_key: Digest of the request's idempotency key.
        size: Bytes of the upload.
        sha256: Of the upload.
        facts: What probing said of it, as JSON.
        upload_kept: The upload has to stay on the disk.
        progress: 0 to 1; never goes back.
        attempts: How often it was begun.
        owner: Of the attempt that runs; null where none does.
        lease_until: Until then nobody else takes it up.
        fault: What the last attempt broke on, for operators.
        result: A ``VideoResult``.
        error_code: Why it failed, for the caller, with ``error_message``.
        sent_at: When it was put into the workers' queue the last time.
        webhook_state: A ``WebhookState``; null before the end, and where nobody is to be told.
    """

    __tablename__ = "video_jobs"
    __table_args__ = (
        UniqueConstraint("tenant_id", "request_key"),
        Index(None, "tenant_id", "created_at", "id"),
        Index(None, "tenant_id", "status"),
        Index(None, "status", "sent_at"),
        Index(None, "status", "lease_until"),
        {"schema": SCHEMA},
    )

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(ID), ForeignKey("core.tenants.id"))
    status: Mapped[str] = mapped_column(String(WORD))
    request_key: Mapped[str | None] = mapped_column(String(DIGEST))
    options: Mapped[dict[str, Any]]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(DIGEST))
    facts: Mapped[str] = mapped_column(Text)
    upload_kept: Mapped[bool] = mapped_column(default=True, index=True)
    progress: Mapped[float] = mapped_column(default=0.0)
    attempts: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str | None] = mapped_column(String(NAME))
    lease_until: Mapped[datetime | None]
    fault: Mapped[str | None] = mapped_column(Text)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    error_code: Mapped[str | None] = mapped_column(String(WORD))
    error_message: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    webhook_state: Mapped[str | None] = mapped_column(String(WORD))
    webhook_attempts: Mapped[int] = mapped_column(default=0)
    webhook_next_at: Mapped[datetime | None] = mapped_column(index=True)


class VideoChunk(Base):
    """What was found in one part of a video; it describes faces, so it is gone when its job is over.

    Attributes:
        number: Of the part, from 0.
    """

    __tablename__ = "video_chunks"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012

    job_id: Mapped[str] = mapped_column(
        String(ID), ForeignKey(f"{SCHEMA}.video_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class VideoDuration(Base):
    """How many jobs ended by themselves within how many seconds; only ever grows, whatever is purged.

    Attributes:
        upto_s: The bucket's upper bound; each job counts in one bucket.
        jobs: That ended within it and not within a smaller one.
        seconds: They took together, from their first begin to their end.
    """

    __tablename__ = "video_durations"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012

    upto_s: Mapped[float] = mapped_column(primary_key=True, autoincrement=False)
    jobs: Mapped[int] = mapped_column(BigInteger, default=0)
    seconds: Mapped[float] = mapped_column(default=0.0)


class DeepfakeUsage(UsageColumns, Base):
    """What was asked of deepfake detection."""

    __tablename__ = "deepfake_usage"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012
