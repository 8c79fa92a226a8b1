"""What ``/metrics`` tells of galleries, of their audit chains and of the backups of both."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bentos.common.audit.metering import audit_gauges
from bentos.common.backups import last
from bentos.common.database import Base, Database, now
from bentos.common.database.tables import Tombstone
from bentos.common.gauges import DatabaseGauges, Gauges
from bentos.face_recognition.tables import Collection, Face, OutboxEntry, Subject

COUNTED: Mapping[str, type[Base]] = {
    "gallery_collections": Collection,
    "gallery_subjects": Subject,
    "gallery_faces": Face,
    "gallery_tombstones": Tombstone,
}


def gallery_gauges(database: Database) -> DatabaseGauges:
    """``backup_*``, ``audit_*`` and ``gallery_*``; what alerts look at comes before what has to be counted."""
    return DatabaseGauges(database, [_backups(), audit_gauges(), _outbox(), _counts()])


def _backups() -> Gauges:
    return Gauges(
        {
            "backup_last_success_timestamp_seconds": "When the last backup was done; 0: never",
            "backup_last_size_bytes": "Size of the last backup; 0: there is none",
            "backup_last_drill_timestamp_seconds": "When a backup was last restored on trial; 0: never",
        },
        _read_backups,
    )


def _read_backups(session: Session) -> Mapping[str, float]:
    made, tried = last(session, "backup"), last(session, "drill")
    return {
        "backup_last_success_timestamp_seconds": made.finished_at.timestamp() if made else 0,
        "backup_last_size_bytes": made.size_bytes if made else 0,
        "backup_last_drill_timestamp_seconds": tried.finished_at.timestamp() if tried else 0,
    }


def _outbox() -> Gauges:
    return Gauges(
        {
            "gallery_outbox_entries": "Faces whose vector or picture is not yet as the database says",
            "gallery_outbox_oldest_seconds": "Age of the oldest of them; 0: there is none",
        },
        _read_outbox,
    )


def _read_outbox(session: Session) -> Mapping[str, float]:
    entries, oldest = session.execute(select(func.count(), func.min(OutboxEntry.created_at))).one()
    age = (now() - oldest).total_seconds() if oldest else 0.0
    return {"gallery_outbox_entries": entries, "gallery_outbox_oldest_seconds": max(0.0, age)}


def _counts() -> Gauges:
    return Gauges(
        {
            "gallery_collections": "Collections of all tenants",
            "gallery_subjects": "People in them",
            "gallery_faces": "Faces that are enrolled",
            "gallery_tombstones": "Faces that were erased and are remembered as such",
        },
        _read_counts,
    )


def _read_counts(session: Session) -> Mapping[str, float]:
    return {
        name: session.scalar(select(func.count()).select_from(table)) or 0 for name, table in COUNTED.items()
    }
