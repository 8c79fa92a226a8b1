"""Tables of the schema ``face_recognition``: the truth about galleries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    FetchedValue,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bentos.common.database.base import Base, now
from bentos.common.database.tables import ID, NAME
from bentos.common.database.usage import UsageColumns

SCHEMA = "face_recognition"
DIGEST = 64


class Collection(Base):
    """A gallery of one tenant; its embeddings are of one model."""

    __tablename__ = "collections"
    __table_args__ = (UniqueConstraint("tenant_id", "name"), {"schema": SCHEMA})

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(ID), ForeignKey("core.tenants.id"))
    name: Mapped[str] = mapped_column(String(NAME))
    model_name: Mapped[str] = mapped_column(String(NAME))
    model_version: Mapped[str] = mapped_column(String(NAME))
    model_digest: Mapped[str] = mapped_column(String(DIGEST))
    dimension: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Subject(Base):
    """A person in a collection, by the name that the caller gave."""

    __tablename__ = "subjects"
    __table_args__ = (UniqueConstraint("collection_id", "subject_id"), {"schema": SCHEMA})

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(ID), ForeignKey("core.tenants.id"), index=True)
    collection_id: Mapped[str] = mapped_column(
        String(ID), ForeignKey(f"{SCHEMA}.collections.id", ondelete="CASCADE")
    )
    subject_id: Mapped[str] = mapped_column(String(NAME))
    details: Mapped[dict[str, Any]] = mapped_column("metadata")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Face(Base):
    """One enrolled face.

    Attributes:
        id: Internal, new for each enrolment, also for a face that comes back by an import: vector, kept picture
            and tombstone go by it.
        face_id: What the caller knows it by.
        embedding: float32, little-endian, of L2 norm 1.
        model_digest: Of the model that made the embedding.
        image_digest: SHA-256 of the picture it came from.
        kept: Where the face is in the kept picture; null where none was kept.
        request_key: Digest of the request's idempotency key: a retry after a crash finds the face by it.
    """

    __tablename__ = "faces"
    __table_args__ = (
        UniqueConstraint("collection_id", "face_id"),
        UniqueConstraint("tenant_id", "request_key"),
        Index(None, "collection_id", "id"),
        {"schema": SCHEMA},
    )

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(ID), ForeignKey("core.tenants.id"))
    collection_id: Mapped[str] = mapped_column(
        String(ID), ForeignKey(f"{SCHEMA}.collections.id", ondelete="CASCADE")
    )
    subject_key: Mapped[str] = mapped_column(
        String(ID), ForeignKey(f"{SCHEMA}.subjects.id", ondelete="CASCADE"), index=True
    )
    face_id: Mapped[str] = mapped_column(String(64))
    embedding: Mapped[bytes] = mapped_column(LargeBinary)
    model_digest: Mapped[str] = mapped_column(String(DIGEST))
    quality: Mapped[dict[str, Any]]
    image_digest: Mapped[str | None] = mapped_column(String(DIGEST))
    kept: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    request_key: Mapped[str | None] = mapped_column(String(DIGEST))
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class OutboxEntry(Base):
    """A face whose vector and kept picture have yet to be brought to what the truth says: there, or gone."""

    __tablename__ = "outbox"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    face: Mapped[str] = mapped_column(String(ID), index=True)
    tenant_id: Mapped[str] = mapped_column(String(ID))
    model_digest: Mapped[str] = mapped_column(String(DIGEST))
    dimension: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str | None] = mapped_column(Text)


class Change(Base):
    """A face that came or went: what a replica whose index is its own follows; kept for a while.

    Attributes:
        mark: In PostgreSQL the number of the transaction that wrote it, set by the database; 0 in SQLite.
    """

    __tablename__ = "changes"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    mark: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue(), index=True)
    face: Mapped[str] = mapped_column(String(ID))
    tenant_id: Mapped[str] = mapped_column(String(ID))
    model_digest: Mapped[str] = mapped_column(String(DIGEST))
    dimension: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class RecognitionUsage(UsageColumns, Base):
    """What was asked of face recognition."""

    __tablename__ = "recognition_usage"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012
