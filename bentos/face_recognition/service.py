"""The face recognition service, as BentoML starts it."""

from __future__ import annotations

from dataclasses import replace

from bentos.common.bento import bento_service
from bentos.common.settings import Settings
from bentos.common.spec import FACES, face_service
from models.catalogue.card import Task

SPEC = replace(
    face_service(
        "face-recognition-service",
        "FaceSocial AI: face recognition",
        Task.FACE_RECOGNITION,
        "bentos.face_recognition.routes:create_routes",
        "bentos.face_recognition.tables:RecognitionUsage",
        scores=("similarity",),
    ),
    extras=("gallery",),
    keeps_state=True,
    fixed=(FACES,),
)

FaceRecognitionService = bento_service(SPEC, Settings())
