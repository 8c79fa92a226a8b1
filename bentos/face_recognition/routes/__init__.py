"""Routes of the face recognition service."""

from __future__ import annotations

from fastapi import APIRouter

from bentos.common.answering import Answering
from bentos.common.app import API
from bentos.common.audit.routes import add_audit_routes
from bentos.common.composition import Parts
from bentos.common.generations import Models
from bentos.face_recognition.gallery.assembly import Gallery, Keeping, open_stores
from bentos.face_recognition.gallery.metering import gallery_gauges
from bentos.face_recognition.routes.collections import add_collections, add_subjects
from bentos.face_recognition.routes.enrolment import (
    add_batch_enrolment,
    add_enrolment,
    add_identification,
)
from bentos.face_recognition.routes.inference import add_embedding, add_verification
from bentos.face_recognition.routes.transfer import add_keeping, add_reindexing, add_transfer


def create_routes(parts: Parts) -> APIRouter:
    """Embedding and comparing, galleries, and the audit chain."""
    router = APIRouter(prefix=API, tags=["face recognition"])
    add_embedding(router, parts)
    add_verification(router, parts)
    generations = parts.generations
    stores = open_stores(parts.settings, lambda: generations.current.face_cards[0], parts.cache)
    keeping = Keeping.of(stores)

    def gallery_of(models: Models) -> Gallery:
        return Gallery.around(keeping, models.analysis)

    parts.lifecycle.add(
        start=keeping.start,
        close=keeping.close,
        pings={"database": stores.database.ping, "milvus": keeping.ping_index},
    )
    parts.metrics.add(gallery_gauges(stores.database))
    answering = Answering(parts, stores.database)
    add_collections(router, parts, keeping, answering)
    add_subjects(router, keeping, answering)
    add_enrolment(router, parts, gallery_of, answering)
    add_batch_enrolment(router, parts, gallery_of, answering)
    add_identification(router, parts, gallery_of, answering)
    add_transfer(router, parts, keeping, answering)
    add_keeping(router, keeping, answering)
    add_reindexing(router, parts, gallery_of, answering)
    add_audit_routes(router, parts.workers, stores.database, lambda: keeping.cursors)
    return router
