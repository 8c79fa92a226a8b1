"""The antispoofing service, as BentoML starts it."""

from __future__ import annotations

from bentos.common.bento import bento_service
from bentos.common.settings import Settings
from bentos.common.spec import face_service
from models.catalogue.card import Task

SPEC = face_service(
    "antispoofing-service",
    "FaceSocial AI: antispoofing",
    Task.ANTISPOOFING,
    "bentos.antispoofing.routes:create_routes",
    "bentos.antispoofing.tables:LivenessUsage",
    scores=("live",),
)

AntispoofingService = bento_service(SPEC, Settings())
