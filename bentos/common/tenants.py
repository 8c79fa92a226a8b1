"""Tenants by name, and what each wants otherwise than the deployment."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bentos.common.database.conflicts import insert_if_absent
from bentos.common.database.tables import NAME, Tenant, TenantSettings
from bentos.common.errors import InvalidRequest
from bentos.common.settings import GallerySettings

MAX_RETENTION_DAYS = 36_500
UNNAMEABLE = ("Cc", "Cs")
"""Unicode's control characters and halves of characters."""


@dataclass(frozen=True, slots=True)
class TenantPolicy:
    """How long a tenant's faces are kept (None: until they are erased), and whether their pictures are."""

    retention_days: int | None
    keep_images: bool


@dataclass(frozen=True, slots=True)
class TenantChoice:
    """A tenant and what it chose; None: as the deployment says."""

    id: str
    name: str
    retention_days: int | None
    keep_images: bool | None


def require_name(name: str) -> None:
    """Raise InvalidRequest unless ``name`` can be a tenant's: 1 to 200 characters, none of them a control character."""
    if not _is_name(name):
        raise InvalidRequest(
            f"The tenant's name must have 1 to {NAME} characters and no control characters.", {"limit": NAME}
        )


def find(session: Session, name: str) -> str | None:
    """The id of a tenant; None where nothing was ever written for it."""
    return session.scalar(select(Tenant.id).where(Tenant.name == name)) if _is_name(name) else None


def ensure(session: Session, name: str) -> str:
    """The id of a tenant, which is made if it is new; another transaction that makes it too is waited for.

    Raises:
        InvalidRequest: The name cannot be one.
    """
    require_name(name)
    known = find(session, name)
    if known is None:
        insert_if_absent(session, Tenant, id=uuid.uuid4().hex, name=name)
        known = session.scalars(select(Tenant.id).where(Tenant.name == name)).one()
    return known


def policy(session: Session, tenant_id: str, settings: GallerySettings) -> TenantPolicy:
    """What holds for a tenant: its own choice, or the deployment's."""
    chosen = session.get(TenantSettings, tenant_id)
    if chosen is None:
        return TenantPolicy(None, settings.keep_images)
    keep = settings.keep_images if chosen.keep_images is None else chosen.keep_images
    return TenantPolicy(chosen.retention_days, keep)


def set_policy(session: Session, name: str, *, retention_days: int | None, keep_images: bool | None) -> None:
    """Replace what a tenant wants; the tenant is made if it is new.

    Raises:
        InvalidRequest: No such name can be, or the number of days is not one from 1 to 36 500.
    """
    if retention_days is not None and not 1 <= retention_days <= MAX_RETENTION_DAYS:
        raise InvalidRequest(f"Faces are kept for 1 to {MAX_RETENTION_DAYS} days, or without a limit.")
    tenant = ensure(session, name)
    insert_if_absent(session, TenantSettings, tenant_id=tenant)
    chosen = session.get_one(TenantSettings, tenant, populate_existing=True, with_for_update=True)
    chosen.retention_days, chosen.keep_images = retention_days, keep_images
    session.flush()


def policies(session: Session) -> Sequence[TenantChoice]:
    """All tenants by name, with what they chose."""
    rows = session.execute(
        select(Tenant.id, Tenant.name, TenantSettings.retention_days, TenantSettings.keep_images)
        .outerjoin(TenantSettings, TenantSettings.tenant_id == Tenant.id)
        .order_by(Tenant.name)
    )
    return [TenantChoice(*row) for row in rows]


def _is_name(name: str) -> bool:
    return 1 <= len(name) <= NAME and not any(unicodedata.category(letter) in UNNAMEABLE for letter in name)
