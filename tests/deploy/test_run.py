"""What a stack consists of and what is said of it, without starting it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from stack_ports import free_base

from bentos.common.settings import Settings
from bentos.contracts import SERVICES
from deploy.local import run
from deploy.nginx.program import find_nginx
from deploy.nginx.settings import GatewaySettings

NAMES = {service.name for service in SERVICES}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state_dir=tmp_path / "state", port_base=free_base(), workbench_port=free_base() + 450)


def test_without_nginx_the_stack_is_what_it_was(settings: Settings) -> None:
    said = StringIO()
    off = GatewaySettings(nginx="off")
    state, wanted, _ = run.prepare(settings, off, Console(file=said, width=200), workbench=True)
    assert {program.name for program in wanted} == NAMES | {"workbench", "video-worker"}
    assert said.getvalue() == "The gateway is left out: FACESOCIAL_GATEWAY_NGINX=off.\n"
    assert not (settings.state_dir / "gateway").exists()
    run.record(state, wanted, "own")
    found = run.status(settings)
    assert found.keys() == {"services", "workbench", "models"}
    assert found["models"] == {"set": "own"}
    assert set(found["services"]) == NAMES


def test_with_nginx_the_gateway_is_told_apart_from_the_services(settings: Settings) -> None:
    if find_nginx(GatewaySettings()) is None:
        pytest.skip("nginx is not installed")
    said = StringIO()
    state, wanted, _ = run.prepare(settings, GatewaySettings(), Console(file=said), workbench=False)
    assert {program.name for program in wanted} == NAMES | {"token-verifier", "gateway", "video-worker"}
    assert said.getvalue() == ""
    run.record(state, wanted, "own")
    certificate = settings.state_dir / "gateway" / "certificate.pem"
    gateway = {"url": f"https://127.0.0.1:{settings.port_base + 443}", "certificate": str(certificate)}
    found = run.status(settings)
    assert found.keys() == {"services", "gateway", "models"}
    assert set(found["services"]) == NAMES
    assert found["gateway"] == {**gateway, "ready": False}
    certificate.unlink()
    assert run.status(settings)["gateway"] == {**gateway, "ready": False}


def test_a_gateway_is_not_ready_because_somebody_answers_on_its_port(settings: Settings) -> None:
    """Plain HTTP there, or TLS with another certificate, is not the gateway."""
    if find_nginx(GatewaySettings()) is None:
        pytest.skip("nginx is not installed")
    state, wanted, _ = run.prepare(settings, GatewaySettings(), Console(file=StringIO()), workbench=False)
    run.record(state, wanted, "own")
    with HTTPServer(("127.0.0.1", settings.port_base + 443), Always) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = run.status(settings)["gateway"]
        server.shutdown()
    assert isinstance(found, dict)
    assert found["ready"] is False


class Always(BaseHTTPRequestHandler):
    """Answers 200 to everything."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return
