"""A service that cannot be trusted does not start, and says why in one line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from service_process import free_port

from deploy.local.services import TARGETS, serve_command

ROOT = Path(__file__).parents[2]
CASES = {
    "no secret": ({}, "there is no default"),
    "short secret": ({"FACESOCIAL_JWT_SECRET": "changeme"}, "shorter than 32 bytes"),
    "missing file": ({"FACESOCIAL_JWT_SECRET_FILE": "/nowhere/secret"}, "cannot be read"),
    "no keys": ({"FACESOCIAL_JWT_ALGORITHM": "RS256"}, "needs FACESOCIAL_JWT_JWKS"),
}


@pytest.mark.parametrize("case", CASES)
def test_no_service_starts_without_a_sound_secret(case: str, tmp_path: Path) -> None:
    settings, reason = CASES[case]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FACESOCIAL_")}
    done = subprocess.run(
        serve_command(TARGETS["face-detection-service"], free_port()),
        cwd=ROOT,
        env={**clean, "BENTOML_HOME": str(tmp_path), "BENTOML_DO_NOT_TRACK": "1", **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "face-detection-service does not start" in done.stderr
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert "changeme" not in done.stderr
