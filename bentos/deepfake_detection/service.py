"""The deepfake detection service, as BentoML starts it."""

from __future__ import annotations

from bentos.common.composition import bento_service, face_service
from bentos.common.settings import Settings
from bentos.deepfake_detection.routes import create_routes
from models.catalogue.card import Task

SPEC = face_service(
    "deepfake-detection-service", "FaceSocial AI: deepfake detection", Task.DEEPFAKE_DETECTION, create_routes
)

DeepfakeDetectionService = bento_service(SPEC, Settings())
