"""The face detection service, as BentoML starts it."""

from __future__ import annotations

from bentos.common.bento import bento_service
from bentos.common.settings import Settings
from bentos.common.spec import DETECTOR, ServiceSpec
from models.catalogue.card import Task

SPEC = ServiceSpec(
    name="face-detection-service",
    title="FaceSocial AI: face detection",
    tasks={DETECTOR: Task.FACE_DETECTION},
    routes="bentos.face_detection.routes:create_routes",
    usage="bentos.face_detection.tables:DetectionUsage",
    scores=("detection",),
)

FaceDetectionService = bento_service(SPEC, Settings())
