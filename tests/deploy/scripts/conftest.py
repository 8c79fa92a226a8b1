"""A checkout to release from."""

from __future__ import annotations

from pathlib import Path

import pytest
from release_checkout import ReleaseCheckout

COMPOSE = "docker compose*"
RUNNING_COMPOSE = "docker compose * ps *"
RUNNING_KUBERNETES = "kubectl * get deployment *"
ENDED = "kubectl * get job *"
IMAGE = "registry.example.com/facesocial-ai/face-recognition-service"


@pytest.fixture
def checkout(tmp_path: Path) -> ReleaseCheckout:
    """No image is there, 0.0.9 runs in both places, and jobs come to a good end."""
    answers = {
        "docker image inspect facesocial-ai/*": (1, ""),
        "docker image inspect --format {{.Id}} *": (0, f"sha256:{'1' * 64}"),
        "docker image inspect --format {{join*": (0, ""),
        RUNNING_COMPOSE: (0, f"facesocial-ai/{IMAGE.rpartition('/')[2]}:0.0.9"),
        RUNNING_KUBERNETES: (0, f"{IMAGE}:0.0.9@sha256:{'2' * 64}"),
        ENDED: (0, "SuccessCriteriaMet Complete"),
        "git *": (0, "abc123"),
    }
    return ReleaseCheckout(tmp_path, answers)
