"""Health checks that can run here, as they stand in the file."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from deploy.checks.composing.reading import Composition

ASKED = (
    "face-recognition-service",
    "antispoofing-service",
    "deepfake-detection-service",
    "face-detection-service",
    "age-gender-service",
    "token-verifier",
    "mlflow",
    "workbench",
)
PATHS = {"token-verifier": "/health", "mlflow": "/health", "workbench": "/_stcore/health"}


class Answering(BaseHTTPRequestHandler):
    """Well at the paths of ``well``, elsewhere not ready."""

    well: frozenset[str] = frozenset()

    def do_GET(self) -> None:
        self.send_response(200 if self.path in self.well else 503)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Silence."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    handler = type("Answers", (Answering,), {"well": frozenset(["/readyz", *PATHS.values()])})
    made = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join(10)


def command_of(composition: Composition, name: str) -> list[str]:
    """Arguments of the health check, for this machine's Python."""
    _, program, *arguments = composition.services[name]["healthcheck"]["test"]
    assert program.rpartition("/")[2] == "python"
    return [sys.executable, *arguments]


def well(command: list[str]) -> bool:
    # A proxy of the machine must not be asked for the container itself.
    environment = {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    return subprocess.run(command, capture_output=True, timeout=30, env=environment).returncode == 0


@pytest.mark.parametrize("name", ASKED)
def test_a_service_is_asked_whether_it_is_ready(
    composition: Composition, server: HTTPServer, name: str
) -> None:
    *command, url = command_of(composition, name)
    path = PATHS.get(name, "/readyz")
    assert url.startswith("http://127.0.0.1:")
    assert url.endswith(path)
    here = f"http://127.0.0.1:{server.server_port}"
    assert well([*command, f"{here}{path}"])
    assert not well([*command, f"{here}/starting"]), "503"
    assert not well([*command, "http://127.0.0.1:9/readyz"]), "nobody listens"


@pytest.mark.parametrize(("name", "port"), [("video-worker", "6379"), ("video-beat", "5432")])
def test_who_listens_to_nobody_is_well_while_it_is_connected(
    composition: Composition, name: str, port: str
) -> None:
    *command, asked = command_of(composition, name)
    assert asked == port
    with socket.create_server(("127.0.0.1", 0)) as listener:
        here = str(listener.getsockname()[1])
        assert not well([*command, here]), "somebody listens, nobody is connected"
        with socket.create_connection(listener.getsockname()), listener.accept()[0]:
            assert well([*command, here])
