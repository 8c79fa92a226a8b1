"""The gateway of this project in processes of its own: the real NGINX, and the verifier of tokens beside it."""

from __future__ import annotations

import getpass
import json
import os
import secrets
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import jwt
import psutil
import pytest
from raw_http import RawConnection
from service_process import free_port

from deploy.nginx.certificate import ensure_certificate
from deploy.nginx.gateway import Gateway
from deploy.nginx.program import find_nginx, version_of
from deploy.nginx.render import render
from deploy.nginx.routes import SERVICE_PREFIXES
from deploy.nginx.settings import GatewaySettings

NAMES = ("localhost", "127.0.0.1")
NGINX = find_nginx(GatewaySettings(nginx="nginx"))
START_LIMIT_S = 30
STOP_LIMIT_S = 20
LOG_LIMIT_S = 10
POLL_S = 0.05
ORIGIN = "https://console.example.test"
"""Where a test allows one."""
CLOSED = "127.0.0.1:1"
"""Nobody listens there."""


def missing() -> str | None:
    """Why no gateway can be started here; None if one can."""
    return None if NGINX else "NGINX is not installed (Debian: apt-get install nginx)"


@dataclass
class GatewayProcess:
    """Starts both, waits until they answer, and ends them; skips the test where there is no NGINX.

    Args:
        folder: Holds configuration, certificate, temporary files and output.
        upstreams: Addresses of replicas by the service's prefix in the contract; without any, a closed port.
        auth: Settings of the verifier by their full names, in place of the secret.
        changes: Other values of ``deploy.nginx.gateway.Gateway``.
    """

    folder: Path
    upstreams: Mapping[str, Sequence[str]] = field(default_factory=dict)
    auth: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    secret: str = field(default_factory=lambda: secrets.token_hex(32))
    port: int = field(default_factory=free_port)
    http_port: int = field(default_factory=free_port)
    verifier_port: int = field(default_factory=free_port)
    _nginx: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _verifier: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    def __enter__(self) -> Self:
        if reason := missing():
            pytest.skip(reason)
        self._files.mkdir(parents=True)
        ensure_certificate(self.certificate, self.folder / "key.pem", NAMES)
        self._config.write_text(render(self._gateway()))
        try:
            self.start_verifier()
            self._start_nginx()
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
        return f"https://127.0.0.1:{self.port}"

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    @property
    def temporary_files(self) -> int:
        """Bytes of bodies that NGINX holds on the disk, in files that it unlinks as soon as they are open."""
        found = 0
        for process in self.processes():
            for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
                with suppress(OSError):  # closed in the meantime
                    if os.readlink(descriptor).startswith(f"{self._files}/"):
                        found += descriptor.stat().st_size
        return found

    def context(self) -> ssl.SSLContext:
        """Trusts the gateway's certificate alone."""
        return ssl.create_default_context(cafile=self.certificate)

    def client(self, source: str = "127.0.0.1", **options: Any) -> httpx.Client:
        """A client that comes from an address; all of 127.0.0.0/8 is this machine."""
        transport = httpx.HTTPTransport(verify=self.context(), local_address=source)
        return httpx.Client(base_url=self.url, transport=transport, **{"timeout": 60, **options})

    def raw(self, source: str = "127.0.0.1") -> RawConnection:
        return RawConnection(self.port, self.context(), source)

    def token(self, subject: str | None = None, role: str = "viewer", **claims: Any) -> str:
        """A token that holds, of somebody who was never seen before unless named."""
        subject = subject or f"somebody-{secrets.token_hex(8)}"
        body = {"sub": subject, "role": role, "exp": time.time() + 3600, **claims}
        return jwt.encode(body, self.secret, algorithm="HS256")

    def headers(self, subject: str | None = None, role: str = "viewer", **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(subject, role, **claims)}"}

    def log(self, text: str = "", at_least: int = 1) -> list[dict[str, Any]]:
        """Lines of the access log that contain ``text``; NGINX writes one after the answer, so they are waited for."""
        limit = time.monotonic() + LOG_LIMIT_S
        while True:
            lines = self.access_log.read_text().splitlines()
            found = [json.loads(line) for line in lines if text in line]
            if len(found) >= at_least or time.monotonic() > limit:
                return found
            time.sleep(POLL_S)

    @property
    def access_log(self) -> Path:
        return self.folder / "access.log"

    @property
    def error_log(self) -> Path:
        return self.folder / "error.log"

    def processes(self) -> list[psutil.Process]:
        """NGINX' own: the master and the workers that there are at this moment."""
        assert self._nginx is not None
        master = psutil.Process(self._nginx.pid)
        return [master, *master.children()]

    def reload(self) -> None:
        """Have NGINX read its configuration again, as ``facesocial gateway`` and cert renewals do."""
        assert NGINX is not None
        command = [NGINX, "-e", "stderr", "-c", self._config, "-s", "reload"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=STOP_LIMIT_S)
        assert done.returncode == 0, done.stderr

    def start_verifier(self) -> None:
        """Start it, at the same port each time, and wait until it listens."""
        command = [sys.executable, "-m", "deploy.nginx.verifier"]
        place = ["--host", "127.0.0.1", "--port", str(self.verifier_port)]
        with self._verifier_output.open("ab") as output:
            self._verifier = subprocess.Popen(
                [*command, *place], env=self._environment(), stdout=output, stderr=output
            )
        self._wait(self._verifier, self._verifier_answers, self._verifier_output)

    def stop_verifier(self) -> None:
        _end(self._verifier)
        self._verifier = None

    def stop(self) -> None:
        """End both, by their process ids."""
        _end(self._nginx)
        self._nginx = None
        self.stop_verifier()

    @property
    def _files(self) -> Path:
        return self.folder / "files"

    @property
    def _config(self) -> Path:
        return self.folder / "nginx.conf"

    @property
    def _verifier_output(self) -> Path:
        return self.folder / "verifier.log"

    def _gateway(self) -> Gateway:
        assert NGINX is not None
        own = {
            "server_names": NAMES,
            "upstreams": {name: self.upstreams.get(name) or (CLOSED,) for name in SERVICE_PREFIXES},
            "verifier": f"127.0.0.1:{self.verifier_port}",
            "certificate": str(self.certificate),
            "certificate_key": str(self.folder / "key.pem"),
            "folder": str(self._files),
            "pid": str(self.folder / "nginx.pid"),
            "access_log": str(self.access_log),
            "error_log": str(self.error_log),
            "listen": "127.0.0.1",
            "https_port": self.port,
            "http_port": self.http_port,
            "user": getpass.getuser() if os.geteuid() == 0 else None,
            "worker_processes": "2",
            "worker_connections": 512,
            "version": version_of(NGINX),
        }
        return Gateway.model_validate({**own, **self.changes})

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FACESOCIAL_")}
        own = self.auth or {"FACESOCIAL_JWT_SECRET": self.secret}
        return {**kept, "FACESOCIAL_STATE_DIR": str(self.folder / "state"), **own}

    def _start_nginx(self) -> None:
        assert NGINX is not None
        output = self.folder / "nginx.log"
        command = [NGINX, "-e", "stderr", "-c", self._config, "-g", "daemon off;"]
        with output.open("wb") as file:
            self._nginx = subprocess.Popen(command, stdout=file, stderr=file)
        self._wait(self._nginx, self._nginx_answers, output)

    def _wait(self, process: subprocess.Popen[bytes], answers: Any, output: Path) -> None:
        limit = time.monotonic() + START_LIMIT_S
        while not answers():
            if process.poll() is not None or time.monotonic() > limit:
                raise AssertionError(f"the gateway does not start\n{output.read_text()[-4000:]}")
            time.sleep(POLL_S)

    def _nginx_answers(self) -> bool:
        try:
            with self.client() as client:
                return client.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    def _verifier_answers(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self.verifier_port}/verify"
            return httpx.get(url, trust_env=False).status_code == 401
        except httpx.TransportError:
            return False


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is None:
        return
    process.terminate()
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
