"""The face detection service, as BentoML starts it."""

from __future__ import annotations

from bentos.common.composition import DETECTOR, ServiceSpec, bento_service, detector_spec
from bentos.common.settings import Settings
from bentos.face_detection.routes import create_routes

SPEC = ServiceSpec(
    name="face-detection-service",
    title="FaceSocial AI: face detection",
    models={DETECTOR: detector_spec()},
    routes=create_routes,
)

FaceDetectionService = bento_service(SPEC, Settings())
