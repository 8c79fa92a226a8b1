"""A service of this project in processes of its own, as it is started in production."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import jwt
import psutil

from bentos.contracts import SERVICES
from deploy.local.services import TARGETS, serve_command

READY_LIMIT_S = 120
STOP_LIMIT_S = 30
POLL_S = 0.2
MARK = "TESTS_SERVICE_PROCESS"
"""In the environment of each process that a ServiceProcess started, and of all that these started."""


class ServiceFailed(AssertionError):
    """The service did not start, or left something running; the message ends with its output."""


def free_port() -> int:
    """A port on which nobody listens at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class ServiceProcess:
    """Starts a service, waits until it is ready, and stops all of its processes.

    Args:
        service: Name in the contract, such as ``face-detection-service``.
        folder: Holds state, output and BentoML's own files.
        mirror: Folder of the published weights.
        settings: Further settings, by their full names.
        target: What BentoML serves where it is not the checkout's own service, such as a bento.
        secret: Of its tokens; services behind one gateway share it.
    """

    service: str
    folder: Path
    mirror: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    secret: str = field(default_factory=lambda: secrets.token_hex(32))
    port: int = field(default_factory=free_port)
    _mark: str = field(default_factory=lambda: secrets.token_hex(16), init=False, repr=False)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                self._command(),
                env=self.environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port_base(self) -> int:
        """The FACESOCIAL_PORT_BASE at which a client finds this service."""
        (offset,) = (address.port_offset for address in SERVICES if address.name == self.service)
        return self.port - offset

    @property
    def output(self) -> Path:
        """All that the service's processes wrote."""
        return self.folder / "output.log"

    @property
    def pid(self) -> int:
        return self._process.pid

    def token(self, role: str = "viewer", *, ttl: float = 3600, **claims: Any) -> str:
        """A token that the service accepts; a claim given as None is left out."""
        body = {"sub": "tests", "role": role, "exp": time.time() + ttl, **claims}
        kept = {name: value for name, value in body.items() if value is not None}
        return jwt.encode(kept, self.secret, algorithm="HS256")

    def headers(self, role: str = "viewer") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(role)}"}

    def processes(self) -> list[psutil.Process]:
        """The service's processes that run at this moment, orphans included."""
        return [process for process in psutil.process_iter() if _belongs_to(process, self._mark)]

    def kill(self) -> None:
        """End all processes at once, as ``kill -9`` and a power cut do; ``with`` can start it again."""
        for process in self.processes():
            with suppress(psutil.Error):
                process.kill()
        self._process.wait(STOP_LIMIT_S)
        psutil.wait_procs(self.processes(), timeout=STOP_LIMIT_S)

    def stop(self) -> None:
        """Stop, as ``kill PID`` does.

        Raises:
            ServiceFailed: A process was still there after the limit; it is killed first.
        """
        known = self.processes()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        psutil.wait_procs(known, timeout=STOP_LIMIT_S)
        left = self.processes()
        for process in left:
            process.kill()
        self._process.wait()
        if left:
            names = ", ".join(f"{process.pid}" for process in left)
            raise ServiceFailed(f"still running {STOP_LIMIT_S} s after SIGTERM: {names}\n{self._tail()}")

    def _command(self) -> list[str]:
        return serve_command(self.target or TARGETS[self.service], self.port)

    def environment(self) -> dict[str, str]:
        """Of its processes, and of commands that work beside it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FACESOCIAL_")}
        own = {
            MARK: self._mark,
            "BENTOML_HOME": str(self.folder / "bentoml"),
            "BENTOML_DO_NOT_TRACK": "true",
            "FACESOCIAL_JWT_SECRET": self.secret,
            "FACESOCIAL_STATE_DIR": str(self.folder / "state"),
            "FACESOCIAL_MODEL_MIRROR": str(self.mirror),
            "FACESOCIAL_MODEL_OFFLINE": "true",
            "FACESOCIAL_PORT_BASE": str(self.port_base),
        }
        return {**kept, **own, **self.settings}

    def _wait_until_ready(self) -> None:
        limit = time.monotonic() + READY_LIMIT_S
        with httpx.Client(trust_env=False, timeout=5) as client:
            while not _is_ready(client, self.url):
                if time.monotonic() > limit:
                    raise ServiceFailed(f"not ready within {READY_LIMIT_S} s\n{self._tail()}")
                self._pause()

    def _pause(self) -> None:
        try:
            code = self._process.wait(POLL_S)
        except subprocess.TimeoutExpired:
            return
        raise ServiceFailed(f"ended with {code} before it was ready\n{self._tail()}")

    def _tail(self) -> str:
        return self.output.read_text(errors="replace")[-4000:]


def _belongs_to(process: psutil.Process, mark: str) -> bool:
    """BentoML's workers lead sessions of their own; what they all inherit is the environment."""
    try:
        return process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _is_ready(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False
