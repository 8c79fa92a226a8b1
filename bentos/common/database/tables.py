"""Tables of the schemas ``core`` and ``config``."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bentos.common.database.base import Base, now

ID = 32
NAME = 200


class Tenant(Base):
    """Owner of everything else; made when its first token writes."""

    __tablename__ = "tenants"
    __table_args__ = {"schema": "core"}  # noqa: RUF012

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Tombstone(Base):
    """A face that was erased: its row's id, which says nothing of the face. A restored backup is held against them."""

    __tablename__ = "tombstones"
    __table_args__ = {"schema": "core"}  # noqa: RUF012

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(default=now)


class TenantSettings(Base):
    """What a tenant wants otherwise than the deployment; null: as the deployment says."""

    __tablename__ = "tenant_settings"
    __table_args__ = {"schema": "config"}  # noqa: RUF012

    tenant_id: Mapped[str] = mapped_column(
        String(ID), ForeignKey("core.tenants.id", ondelete="CASCADE"), primary_key=True
    )
    retention_days: Mapped[int | None]
    keep_images: Mapped[bool | None]
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Key(Base):
    """A random key that all replicas share, such as the one that signs cursors; it protects no secret."""

    __tablename__ = "keys"
    __table_args__ = {"schema": "config"}  # noqa: RUF012

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)


class BackupNote(Base):
    """A backup that was made, or one whose restore was tried; what failed is not here. See ``backups``."""

    __tablename__ = "backup_runs"
    __table_args__ = {"schema": "config"}  # noqa: RUF012

    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    backup_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
