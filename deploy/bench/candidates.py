"""The servers that are measured, each with the work of one task."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jwt

from bentos.contracts import SERVICES
from deploy.local.services import TARGETS, serve_command
from models.catalogue.card import Task

OPERATIONS: Mapping[Task, tuple[str, str]] = {
    Task.FACE_DETECTION: ("face-detection-service", "detect"),
    Task.FACE_RECOGNITION: ("face-recognition-service", "embed"),
    Task.ANTISPOOFING: ("antispoofing-service", "check"),
    Task.DEEPFAKE_DETECTION: ("deepfake-detection-service", "analyze"),
    Task.AGE_GENDER: ("age-gender-service", "estimate"),
}
PEERS = {"FastAPI": "plain_fastapi", "LitServe": "litserve_app", "Ray Serve": "ray_app"}
PACKAGES = {"FastAPI": "fastapi", "LitServe": "litserve", "Ray Serve": "ray"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """How a server is started and asked."""

    name: str
    version: str
    command: tuple[str, ...]
    ready: str
    path: str
    settings: Mapping[str, str]
    headers: Mapping[str, str]
    own: bool = False


def candidates(task: Task, port: int, folder: Path) -> list[Candidate]:
    """This project's service in both batch modes, and the peers that are installed."""
    ours = [own(task, mode, port, folder) for mode in ("process", "service")]
    peers = [_peer(name, task, port) for name in PEERS if _installed(PACKAGES[name])]
    return [*ours, *peers]


def missing_peers() -> list[str]:
    """Peers that are not installed here."""
    return [name for name in PEERS if not _installed(PACKAGES[name])]


def own(task: Task, mode: str, port: int, folder: Path, role: str = "viewer") -> Candidate:
    """This project's service in a batch mode (``process`` or ``service``), with a token of a role."""
    service, operation = OPERATIONS[task]
    assert service in {address.name for address in SERVICES}
    secret = secrets.token_hex(32)
    token = jwt.encode({"sub": "bench", "role": role, "exp": time.time() + 86_400}, secret, "HS256")
    settings = {
        "FACESOCIAL_BATCH_MODE": mode,
        "FACESOCIAL_JWT_SECRET": secret,
        "FACESOCIAL_MODEL_CACHE_SIZE": "0",  # the same picture comes again and again, and is worked on each time
        "FACESOCIAL_VERIFY_PER_MINUTE": "0",
        "BENTOML_HOME": str(folder / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "1",
        "MALLOC_ARENA_MAX": "2",
    }
    return Candidate(
        name=f"FaceSocial AI, {mode}",
        version=f"BentoML {version('bentoml')}",
        command=tuple(serve_command(TARGETS[service], port)[1:]),
        ready="/readyz",
        path=f"/api/v1/{operation}",
        settings=settings,
        headers={"authorization": f"Bearer {token}"},
        own=True,
    )


def _peer(name: str, task: Task, port: int) -> Candidate:
    command = ("-m", f"deploy.bench.peers.{PEERS[name]}", str(port), task.value)
    path = "/" if name == "Ray Serve" else "/predict"
    ready = "/" if name == "Ray Serve" else "/health"
    return Candidate(
        name, version(PACKAGES[name]), command, ready, path, {"RAY_USAGE_STATS_ENABLED": "0"}, {}
    )


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True
