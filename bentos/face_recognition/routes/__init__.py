"""Routes of the face recognition service."""

from __future__ import annotations

from fastapi import APIRouter

from bentos.common.answering import Answering
from bentos.common.app import API
from bentos.common.audit.routes import add_audit_routes
from bentos.common.composition import Parts
from bentos.face_recognition.gallery.assembly import Gallery, open_stores
from bentos.face_recognition.routes.collections import add_collections, add_subjects
from bentos.face_recognition.routes.enrolment import (
    add_batch_enrolment,
    add_enrolment,
    add_identification,
)
from bentos.face_recognition.routes.inference import add_embedding, add_verification
from bentos.face_recognition.routes.transfer import add_keeping, add_transfer


def create_routes(parts: Parts) -> APIRouter:
    """Embedding and comparing, galleries, and the audit chain."""
    router = APIRouter(prefix=API, tags=["face recognition"])
    add_embedding(router, parts)
    add_verification(router, parts)
    stores = open_stores(parts.settings, parts.face_cards[0], parts.cache)
    gallery = Gallery.of(stores, parts.analysis)
    keeping = gallery.keeping
    parts.lifecycle.add(
        start=keeping.start,
        close=keeping.close,
        pings={"database": stores.database.ping, "milvus": keeping.ping_index},
    )
    answering = Answering(parts, stores.database)
    add_collections(router, parts, gallery, answering)
    add_subjects(router, gallery, answering)
    add_enrolment(router, parts, gallery, answering)
    add_batch_enrolment(router, parts, gallery, answering)
    add_identification(router, parts, gallery, answering)
    add_transfer(router, parts, gallery, answering)
    add_keeping(router, gallery, answering)
    add_audit_routes(router, parts.workers, stores.database, lambda: gallery.cursors)
    return router
