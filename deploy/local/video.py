"""The worker of video jobs in the local stack."""

from __future__ import annotations

import sys

from bentos.common.settings import Settings
from bentos.deepfake_detection.settings import worker_mark
from deploy.local.stack import FEW_ARENAS, Program, environment_of
from deploy.local.state import StateFolder

WORKER = "video-worker"
MODULE = "bentos.deepfake_detection.video.worker"


def program(settings: Settings, state: StateFolder, mark: str) -> Program:
    """One process: it takes jobs and does their upkeep; each video is analysed in a child of its own."""
    environment = environment_of(settings, state, mark) | FEW_ARENAS
    return Program(WORKER, (sys.executable, "-m", MODULE), None, worker_mark(settings), "", environment)
