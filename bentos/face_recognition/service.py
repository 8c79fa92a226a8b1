"""The face recognition service, as BentoML starts it."""

from __future__ import annotations

from bentos.common.composition import bento_service, face_service
from bentos.common.settings import Settings
from bentos.face_recognition.routes import create_routes
from models.catalogue.card import Task

SPEC = face_service(
    "face-recognition-service", "FaceSocial AI: face recognition", Task.FACE_RECOGNITION, create_routes
)

FaceRecognitionService = bento_service(SPEC, Settings())
