"""The five services and the token verifier at work on their own weights, so that there is something to be seen."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
from gateway_process import NAMES, GatewayProcess
from integration.galleries import Caller
from integration.pictures import encoded, sample
from integration.videos import submit
from pydantic import SecretStr
from registry_stub import RegistryStub
from service_process import ServiceProcess
from videos import numbered, write_video

from bentos.common.backups import BackupRun, note
from bentos.common.database import Database, now
from bentos.common.settings import DatabaseSettings
from bentos.deepfake_detection.video.durations import count_duration
from deploy.local.services import TARGETS
from deploy.nginx.certificate import ensure_certificate
from deploy.prometheus.local import Target
from models.catalogue.card import Task

RECOGNITION, LIVENESS, VIDEOS = (
    "face-recognition-service",
    "antispoofing-service",
    "deepfake-detection-service",
)
FOLLOWING: Mapping[str, str] = {"FACESOCIAL_MODEL_REFRESH_S": "0.3", "FACESOCIAL_SHADOW_SHARE": "1"}
JUDGED = (
    ("face-detection-service", "/detect"),
    (RECOGNITION, "/embed"),
    (LIVENESS, "/check"),
    (VIDEOS, "/analyze"),
    ("age-gender-service", "/estimate"),
    ("face-detection-service", "/nothing"),
)


@dataclass
class Observed:
    """All services, two of which follow a registry, and the verifier."""

    services: Mapping[str, ServiceProcess]
    verifier: GatewayProcess
    registry: RegistryStub

    def targets(self) -> Sequence[Target]:
        """For Prometheus."""
        places = [Target("services", name, f"127.0.0.1:{one.port}") for name, one in self.services.items()]
        return [*places, Target("gateway", "gateway", f"127.0.0.1:{self.verifier.verifier_port}")]

    def caller(self, name: str) -> Caller:
        return Caller(self.services[name])

    def ask(self) -> None:
        """A request of every kind; what is refused is part of it."""
        portrait, empty = encoded(sample("portrait")), encoded(sample("landscape"))
        for name, path in JUDGED:
            for image in (portrait, empty):
                self.caller(name).call("POST", path, files={"image": image})
        people = self.caller(RECOGNITION)
        people.call("POST", "/verify", files={"image_a": portrait, "image_b": portrait})
        people.call("POST", "/collections", json={"name": "staff"})
        people.enrol(f"somebody-{secrets.token_hex(4)}", portrait)
        people.identify(portrait)
        for name in self.services:
            httpx.post(f"{self.services[name].url}/api/v1/batch", trust_env=False, timeout=30)
        for headers in ({}, self.verifier.headers()):
            address = f"http://127.0.0.1:{self.verifier.verifier_port}/verify"
            httpx.get(address, headers=headers, trust_env=False, timeout=30)

    def hand_in(self, folder: Path) -> None:
        """A video, for which there is no worker."""
        clip = write_video(folder / "clip.mp4", numbered(10), fps=10).read_bytes()
        assert submit(self.caller(VIDEOS), clip).status_code == 202

    def end_jobs(self) -> None:
        """What a worker notes when a job ends."""
        with self._database(VIDEOS) as database, database.write() as session:
            count_duration(session, 12.0)

    def back_up(self) -> None:
        """What is noted of a backup and of a drill."""
        at = now()
        with self._database(RECOGNITION) as database, database.write() as session:
            for kind in ("backup", "drill"):
                note(session, BackupRun(kind, "one", at - timedelta(seconds=9), at, 4096))  # type: ignore[arg-type]

    def promote(self) -> None:
        """A new embedder, which waits; a challenger, which is tried; and one without files."""
        self.registry.put(Task.FACE_RECOGNITION, "2", "champion")
        self.registry.put(Task.ANTISPOOFING, "2", "challenger")
        self.registry.put(Task.FACE_DETECTION, "9", "challenger", broken=True)

    @contextmanager
    def _database(self, name: str) -> Iterator[Database]:
        url = f"sqlite:///{self.services[name].folder / 'state' / 'facesocial.sqlite'}"
        database = Database(DatabaseSettings(url=SecretStr(url), pool_size=1, timeout_s=20))
        yield database
        database.close()


@contextmanager
def observed(folder: Path) -> Iterator[Observed]:
    """All of it, in a folder of its own, until the block ends."""
    secret = secrets.token_hex(32)
    registry = RegistryStub(folder / "registry")
    with ExitStack() as stack:
        address = stack.enter_context(registry.server()).url
        services = [_service(name, folder, secret, address) for name in TARGETS]
        with ThreadPoolExecutor(len(services)) as pool:
            for service in services:
                stack.callback(service.stop)
            list(pool.map(ServiceProcess.__enter__, services))
        verifier = _verifier(folder / "gateway", secret)
        stack.callback(verifier.stop)
        verifier.start_verifier()
        yield Observed({service.service: service for service in services}, verifier, registry)


def _service(name: str, folder: Path, secret: str, registry: str) -> ServiceProcess:
    settings = {
        "FACESOCIAL_MODEL_MIRROR": "",
        "FACESOCIAL_MODEL_SOURCE": "own",
        "FACESOCIAL_MODEL_CACHE_SIZE": "0",
    }
    settings["FACESOCIAL_VIDEO_MIN_FREE_BYTES"] = "0"
    if name in (RECOGNITION, LIVENESS):
        settings |= FOLLOWING | {"FACESOCIAL_MODEL_SOURCE": "mlflow", "FACESOCIAL_MLFLOW_URI": registry}
    return ServiceProcess(name, folder / name, folder / "no-mirror", settings, secret=secret)


def _verifier(folder: Path, secret: str) -> GatewayProcess:
    """The verifier alone: nothing here goes through NGINX."""
    folder.mkdir()
    process = GatewayProcess(folder, secret=secret)
    ensure_certificate(process.certificate, folder / "key.pem", NAMES)
    process.auth = {
        "FACESOCIAL_JWT_SECRET": secret,
        "FACESOCIAL_GATEWAY_CERTIFICATE": str(process.certificate),
    }
    return process
