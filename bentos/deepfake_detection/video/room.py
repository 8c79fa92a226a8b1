"""How much of a tenant may wait at once."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bentos.common.errors import RateLimited
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.tables import VideoJob
from bentos.deepfake_detection.video.rows import WAITING

RETRY_AFTER_S = 30
"""A guess: videos take from seconds to hours."""


def require_room(session: Session, tenant_id: str | None, size: int, settings: VideoSettings) -> None:
    """Refuse a video of ``size`` bytes where its tenant has enough of them here.

    Raises:
        RateLimited: Too many jobs wait or run, or too many bytes of uploads are kept.
    """
    jobs = _jobs(session, tenant_id)
    if jobs >= settings.jobs_per_tenant:
        raise RateLimited(
            f"{jobs} videos wait or are being analysed, and there may be {settings.jobs_per_tenant} at once; "
            "try again when one is over.",
            RETRY_AFTER_S,
        )
    kept = _bytes(session, tenant_id)
    if kept + size > settings.bytes_per_tenant:
        raise RateLimited(
            f"Uploads of {kept} bytes are kept, and there may be {settings.bytes_per_tenant} at once; "
            "delete jobs whose uploads are kept, or try again when one is over.",
            RETRY_AFTER_S,
        )


def _jobs(session: Session, tenant_id: str | None) -> int:
    query = select(func.count()).where(VideoJob.tenant_id == tenant_id, VideoJob.status.in_(WAITING))
    return session.scalars(query).one()


def _bytes(session: Session, tenant_id: str | None) -> int:
    query = select(func.coalesce(func.sum(VideoJob.size), 0))
    kept = query.where(VideoJob.tenant_id == tenant_id, VideoJob.upload_kept)
    return int(session.scalars(kept).one())
