"""What a face takes in PostgreSQL: ``python -m deploy.scaling measure --url postgresql://…``.

It needs an empty database that is there for nothing else: it makes the project's tables in it and fills them.
"""

from __future__ import annotations

import secrets
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import SecretStr
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from bentos.common.audit.caller import Caller
from bentos.common.audit.trail import append
from bentos.common.database import Database
from bentos.common.database.upgrade import upgrade
from bentos.common.errors import ConfigurationError
from bentos.common.settings import DatabaseSettings
from bentos.common.tenants import ensure
from bentos.contracts import Quality
from bentos.face_recognition.tables import Change, Collection, Face, Subject
from deploy.local.backup import server
from deploy.local.schema import revisions
from models.processing.similarity import unit

BLOCK = 1_000
TABLES = ("face_recognition.faces", "face_recognition.subjects", "face_recognition.changes", "audit.events")


@dataclass(frozen=True, slots=True)
class RowBytes:
    """Bytes for each row, indexes and TOAST included, and of a dump (``pg_dump``, custom format) for each face.

    Attributes:
        faces: How many there were, each of a subject of its own.
        tables: By table.
        dump: Of the whole database, an audit event for each face included.
        dump_s: Seconds that the dump took.
    """

    faces: int
    dimension: int
    tables: dict[str, float]
    dump: float
    dump_s: float


def measure(url: str, faces: int, dimension: int) -> RowBytes:
    """Fill an empty database and look how large it is.

    Raises:
        ConfigurationError: It is not empty, or ``pg_dump`` is missing.
        DependencyUnavailable: It does not answer.
    """
    database = Database(DatabaseSettings(url=SecretStr(url), pool_size=2, timeout_s=600))
    try:
        if database.embedded or revisions(database):
            raise ConfigurationError("Measuring needs an empty PostgreSQL database.")
        upgrade(database)
        _fill(database, faces, dimension)
        sizes = {table: _size(database, table) / faces for table in TABLES}
        size, seconds = _dump(database)
        return RowBytes(faces, dimension, sizes, size / faces, seconds)
    finally:
        database.close()


def report(found: RowBytes) -> str:
    """Lines for a person."""
    rows = [f"{name:26} {size:8,.0f} bytes a row" for name, size in found.tables.items()]
    dump = f"pg_dump                    {found.dump:8,.0f} bytes a face, {found.faces / found.dump_s:,.0f} faces/s"
    return "\n".join([f"{found.faces:,} faces of {found.dimension} dimensions", *rows, dump])


def _fill(database: Database, faces: int, dimension: int) -> None:
    rng, caller = np.random.default_rng(0), Caller("scale", "loader", "operator", "")
    with database.write() as session:
        collection = _collection(session, dimension)
    for start in range(0, faces, BLOCK):
        count = min(BLOCK, faces - start)
        vectors = unit(rng.standard_normal((count, dimension), np.float32)).astype("<f4")
        with database.write() as session:
            _rows(session, collection, [vector.tobytes() for vector in vectors], start)
            for row in range(start, start + count):
                target = {
                    "collection": "people",
                    "subject_id": f"person-{row:09}",
                    "face_id": uuid.uuid4().hex,
                }
                append(session, caller.tenant, caller.deed("face.enrol", target))


def _collection(session: Session, dimension: int) -> dict[str, str]:
    ids = {"id": uuid.uuid4().hex, "tenant_id": ensure(session, "scale")}
    model = {"model_name": "model", "model_version": "1.0.0", "model_digest": secrets.token_hex(32)}
    session.execute(insert(Collection).values(**ids, **model, name="people", dimension=dimension))
    return {**ids, "model_digest": model["model_digest"]}


def _rows(session: Session, collection: dict[str, str], embeddings: list[bytes], start: int) -> None:
    of = {"tenant_id": collection["tenant_id"], "collection_id": collection["id"]}
    quality = Quality(
        score=0.91, sharpness=0.87, brightness=0.52, size=143.5, yaw=-3.21, pitch=4.56, roll=0.78
    )
    subjects = [
        {**of, "id": uuid.uuid4().hex, "subject_id": f"person-{start + row:09}", "details": {"team": "red"}}
        for row in range(len(embeddings))
    ]
    session.execute(insert(Subject), subjects)
    faces = [
        {
            **of,
            "id": uuid.uuid4().hex,
            "subject_key": subject["id"],
            "face_id": uuid.uuid4().hex,
            "embedding": embedding,
            "model_digest": collection["model_digest"],
            "quality": quality.model_dump(),
            "image_digest": secrets.token_hex(32),
        }
        for subject, embedding in zip(subjects, embeddings, strict=True)
    ]
    session.execute(insert(Face), faces)
    dimension = len(embeddings[0]) // 4
    changes = [
        {
            "face": face["id"],
            "tenant_id": of["tenant_id"],
            "model_digest": face["model_digest"],
            "dimension": dimension,
        }
        for face in faces
    ]
    session.execute(insert(Change), changes)


def _size(database: Database, table: str) -> int:
    with database.read() as session:
        return int(session.scalar(text("SELECT pg_total_relation_size(:table)"), {"table": table}) or 0)


def _dump(database: Database) -> tuple[int, float]:
    with tempfile.TemporaryDirectory(prefix="facesocial-scaling-") as folder:
        file, started = Path(folder) / "dump", time.perf_counter()
        server.save(database, file)
        return file.stat().st_size, time.perf_counter() - started
