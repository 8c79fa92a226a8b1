"""The deepfake detection service, as BentoML starts it."""

from __future__ import annotations

from dataclasses import replace

from bentos.common.bento import bento_service
from bentos.common.settings import Settings
from bentos.common.spec import face_service
from bentos.deepfake_detection.settings import VIDEOS_PATH, VideoSettings
from models.catalogue.card import Task

SPEC = replace(
    face_service(
        "deepfake-detection-service",
        "FaceSocial AI: deepfake detection",
        Task.DEEPFAKE_DETECTION,
        "bentos.deepfake_detection.routes:create_routes",
        "bentos.deepfake_detection.tables:DeepfakeUsage",
        scores=("fake",),
    ),
    extras=("video",),
    keeps_state=True,
    beside=(Task.FACE_RECOGNITION,),
    body_limits={VIDEOS_PATH: VideoSettings().max_body_bytes},
)

DeepfakeDetectionService = bento_service(SPEC, Settings())
