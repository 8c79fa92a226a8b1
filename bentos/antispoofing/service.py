"""The antispoofing service, as BentoML starts it."""

from __future__ import annotations

from bentos.antispoofing.routes import create_routes
from bentos.common.composition import bento_service, face_service
from bentos.common.settings import Settings
from models.catalogue.card import Task

SPEC = face_service("antispoofing-service", "FaceSocial AI: antispoofing", Task.ANTISPOOFING, create_routes)

AntispoofingService = bento_service(SPEC, Settings())
