"""What a database holds, in figures: a backup notes them, and what is restored is held against them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from bentos.common.audit.tables import AuditEvent, AuditHead
from bentos.common.database import Base, Database
from bentos.common.database.tables import Tenant, Tombstone
from bentos.common.keyvalue.keys import digest_of
from bentos.deepfake_detection.tables import VideoJob
from bentos.face_recognition.tables import Collection, Face, Subject
from deploy.local.backup.manifest import Truth

PAGE = 500
COUNTED: Mapping[str, type[Base]] = MappingProxyType(
    {
        "tenants": Tenant,
        "collections": Collection,
        "subjects": Subject,
        "faces": Face,
        "tombstones": Tombstone,
        "audit_events": AuditEvent,
        "video_jobs": VideoJob,
    }
)
# Ids are hexadecimal: every collation sorts them alike. Columns of the first revision alone: a later one adds some.
HASHED: tuple[Select[*tuple[Any, ...]], ...] = (
    select(Collection.id, Collection.tenant_id, Collection.name, Collection.model_digest).order_by(
        Collection.id
    ),
    select(Subject.id, Subject.collection_id, Subject.subject_id, Subject.details).order_by(Subject.id),
    select(Face.id, Face.tenant_id, Face.subject_key, Face.face_id, Face.embedding, Face.kept).order_by(
        Face.id
    ),
    select(Tombstone.id).order_by(Tombstone.id),
)


def truth_of(session: Session, database: Database, revisions: Sequence[str]) -> Truth:
    """What the database holds at the session's moment.

    The digest is SHA-256 over all rows of collections, subjects, faces and tombstones by their ids, and the ends of
    all audit chains; it takes time in proportion to them and constant memory.
    """
    if not database.embedded:
        session.execute(text("SET LOCAL statement_timeout = 0"))
    counts = {
        name: session.scalar(select(func.count()).select_from(table)) or 0 for name, table in COUNTED.items()
    }
    digest = hashlib.sha256()
    for query in HASHED:
        for row in session.execute(query.execution_options(yield_per=PAGE)):
            digest.update(digest_of(map(_plain, row)).encode())
    ends = session.execute(select(AuditHead.tenant, AuditHead.seq, AuditHead.hash)).all()
    digest.update(json.dumps(sorted(map(list, ends))).encode())
    return Truth(
        kind="SQLite" if database.embedded else "PostgreSQL",
        revisions=tuple(revisions),
        counts=counts,
        digest=digest.hexdigest(),
    )


def differences(wanted: Truth, found: Truth) -> list[str]:
    """What is otherwise than it was, in words; nothing where all is as it was."""
    counts = [
        f"{name}: {found.counts.get(name)} and not {count}"
        for name, count in wanted.counts.items()
        if found.counts.get(name) != count
    ]
    return counts or ([] if wanted.digest == found.digest else ["the rows are as many, and not the same"])


def _plain(value: object) -> str | bytes:
    return value if isinstance(value, str | bytes) else json.dumps(value, sort_keys=True)
