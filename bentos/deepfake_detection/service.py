"""The deepfake detection service, as BentoML starts it."""

from __future__ import annotations

from bentos.common.bento import bento_service
from bentos.common.settings import Settings
from bentos.common.spec import face_service
from models.catalogue.card import Task

SPEC = face_service(
    "deepfake-detection-service",
    "FaceSocial AI: deepfake detection",
    Task.DEEPFAKE_DETECTION,
    "bentos.deepfake_detection.routes:create_routes",
    "bentos.deepfake_detection.tables:DeepfakeUsage",
)

DeepfakeDetectionService = bento_service(SPEC, Settings())
