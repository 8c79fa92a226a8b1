"""What BentoML serves, by the contract's names."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType

TARGETS: Mapping[str, str] = MappingProxyType(
    {
        "face-recognition-service": "bentos.face_recognition.service:FaceRecognitionService",
        "antispoofing-service": "bentos.antispoofing.service:AntispoofingService",
        "deepfake-detection-service": "bentos.deepfake_detection.service:DeepfakeDetectionService",
        "face-detection-service": "bentos.face_detection.service:FaceDetectionService",
        "age-gender-service": "bentos.age_gender.service:AgeGenderService",
    }
)

KEEP_ALIVE_S = 75
"""Longer than clients and NGINX keep an idle connection: else a request meets the server's closing."""
GRACE_S = 10


def serve_command(target: str, port: int, host: str = "127.0.0.1") -> list[str]:
    """The command that serves a target, a built bento's tag or folder included."""
    return [
        *(sys.executable, "-m", "bentoml", "serve", target, "--host", host, "--port", str(port)),
        *("--timeout-keep-alive", str(KEEP_ALIVE_S), "--timeout-graceful-shutdown", str(GRACE_S)),
    ]
