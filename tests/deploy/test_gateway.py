"""The gateway and the verifier of the local stack under its supervisor, without the services behind them."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import httpx
import psutil
import pytest
from certificates import write_pair
from rich.console import Console
from service_process import free_port
from stack_ports import free_base

from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings
from deploy.local import gateway
from deploy.local.readiness import answers, client_for
from deploy.local.stack import Program, require_ports
from deploy.local.state import MAX_LOG_BYTES, StateFolder
from deploy.local.welcome import welcome
from deploy.nginx.certificate import ensure_certificate
from deploy.nginx.program import find_nginx
from deploy.nginx.settings import GatewaySettings

ROOT = Path(__file__).parents[2]
LIMIT_S = 30

# The supervisor as a program of its own: it answers to signals.
SCRIPT = """
import sys
from rich.console import Console
from bentos.common.settings import Settings
from deploy.local import gateway
from deploy.local.readiness import wait_until_ready
from deploy.local.state import StateFolder
from deploy.local.supervisor import Supervisor
from deploy.nginx.program import find_nginx
from deploy.nginx.settings import GatewaySettings
settings, own = Settings(), GatewaySettings()
state = StateFolder(settings.state_dir)
state.make()
gateway.make_ready(settings, own, find_nginx(own))
programs = gateway.programs(settings, own, find_nginx(own), state, sys.argv[1])
supervisor = Supervisor(programs, sys.argv[1], Console())
def beside(over):
    late = wait_until_ready(programs, Console(), over, limit_s=20)
    print('NOT READY' if late or over.is_set() else 'ALL READY', flush=True)
sys.exit(supervisor.run(beside))
"""


@pytest.fixture(scope="module")
def nginx() -> Path:
    """The NGINX of this machine."""
    found = find_nginx(GatewaySettings())
    if found is None:
        pytest.skip("nginx is not installed")
    return found


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "FACESOCIAL_STATE_DIR": str(tmp_path / "state"),
        "FACESOCIAL_PORT_BASE": str(free_base()),
        "FACESOCIAL_GATEWAY_HTTPS_PORT": str(free_port()),
        "FACESOCIAL_GATEWAY_HTTP_PORT": str(free_port()),
    }


@dataclass
class Stack:
    process: subprocess.Popen[bytes]
    output: Path
    nginx: list[psutil.Process]
    url: str

    def ended(self) -> int:
        """Exit code, once nothing of NGINX is left."""
        code = self.process.wait(LIMIT_S)
        assert psutil.wait_procs(self.nginx, timeout=LIMIT_S)[1] == []
        return code


@contextmanager
def stack(environment: Mapping[str, str], folder: Path) -> Iterator[Stack]:
    """Runs until it is stopped or ends."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FACESOCIAL_")}
    output = folder / "output"
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, os.urandom(8).hex()],
            cwd=ROOT,
            env={**clean, **environment, "PYTHONPATH": str(ROOT)},
            stdout=file,
            stderr=file,
        )
    try:
        deadline = time.monotonic() + LIMIT_S
        while "ALL READY" not in output.read_text():
            assert time.monotonic() < deadline, output.read_text()
            assert process.poll() is None, output.read_text()
            time.sleep(0.05)
        started = psutil.Process(process.pid).children(recursive=True)
        found = [child for child in started if child.name() == "nginx"]
        assert len(found) == 2, "master and worker"
        yield Stack(
            process, output, found, f"https://127.0.0.1:{environment['FACESOCIAL_GATEWAY_HTTPS_PORT']}"
        )
    finally:
        process.terminate()
        process.wait(LIMIT_S)


def master_of(running: Stack) -> psutil.Process:
    (master,) = (process for process in running.nginx if process.parent() not in running.nginx)
    return master


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_master_and_worker(
    nginx: Path, environment: dict[str, str], tmp_path: Path, stop: signal.Signals
) -> None:
    with stack(environment, tmp_path) as running:
        running.process.send_signal(stop)
        assert running.ended() == 0


def test_a_worker_whose_master_was_killed_is_ended_too(
    nginx: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    with stack(environment, tmp_path) as running:
        master_of(running).kill()
        assert running.ended() == 1


def test_the_certificate_is_for_this_machine_and_stays_over_a_restart(
    nginx: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    certificate = tmp_path / "state" / "gateway" / "certificate.pem"
    seen = []
    for _ in range(2):
        with stack(environment, tmp_path) as running:
            seen.append(certificate.read_bytes())
            context = ssl.create_default_context(cafile=str(certificate))
            port = environment["FACESOCIAL_GATEWAY_HTTPS_PORT"]
            with httpx.Client(verify=context, trust_env=False) as client:
                for host in ("127.0.0.1", "localhost"):
                    assert client.get(f"https://{host}:{port}/health").json()["service"] == "gateway"
                answer = client.get(f"{running.url}/api/v1/face-detection/models")
            assert answer.status_code == 401, "the verifier was asked"
    assert seen[0] == seen[1]


def test_nginx_gets_no_secret(nginx: Path, environment: dict[str, str], tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path / "state")
    made = gateway.programs(settings, GatewaySettings(), nginx, StateFolder(settings.state_dir), "mark")
    by_name = {program.name: program for program in made}
    assert by_name.keys() == {"token-verifier", "gateway"}
    assert not [name for name in by_name["gateway"].environment if name.startswith("FACESOCIAL_")]
    assert by_name["token-verifier"].environment["FACESOCIAL_JWT_SECRET_FILE"] == str(
        tmp_path / "state" / "jwt-secret"
    )


@pytest.mark.parametrize("own", [None, "/etc/ours.pem"])
def test_the_verifier_is_told_which_certificate_nginx_has(
    nginx: Path, tmp_path: Path, own: str | None
) -> None:
    _, _, programs = local(tmp_path, nginx, **({"certificate": own} if own else {}))
    verifier, served = programs
    expected = Path(own) if own else tmp_path / "state" / "gateway" / "certificate.pem"
    assert served.certificate == expected
    assert verifier.command[-2:] == ("--certificate", str(expected))


def local(tmp_path: Path, nginx: Path, **own: object) -> tuple[Settings, GatewaySettings, list[Program]]:
    """A stack's own two programs, its folder made."""
    settings, gateway_settings = Settings(state_dir=tmp_path / "state"), GatewaySettings(**own)
    state = StateFolder(settings.state_dir)
    state.make()
    return settings, gateway_settings, gateway.programs(settings, gateway_settings, nginx, state, "mark")


@pytest.mark.parametrize(
    ("offset", "setting"),
    [
        (443, "FACESOCIAL_GATEWAY_HTTPS_PORT"),
        (80, "FACESOCIAL_GATEWAY_HTTP_PORT"),
        (9, "FACESOCIAL_PORT_BASE"),
    ],
)
def test_a_port_in_use_names_its_setting_and_the_way_without(
    nginx: Path, tmp_path: Path, offset: int, setting: str
) -> None:
    state = StateFolder(tmp_path / "state")
    settings = Settings(state_dir=state.path, port_base=free_base())
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", settings.port_base + offset))
        holder.listen()
        made = gateway.programs(settings, GatewaySettings(), nginx, state, "mark")
        with pytest.raises(ConfigurationError) as caught:
            require_ports(made)
    for part in (f"Port {settings.port_base + offset},", setting, "FACESOCIAL_GATEWAY_NGINX=off"):
        assert part in caught.value.message


def test_two_ports_of_the_gateway_may_not_be_one(nginx: Path, tmp_path: Path) -> None:
    *_, made = local(tmp_path, nginx, https_port=(port := free_port()), http_port=port)
    with pytest.raises(ConfigurationError, match=f"Port {port} is wanted for .* and for .*GATEWAY_HTTP_PORT"):
        require_ports(made)


def test_its_folder_is_for_its_owner_and_a_long_log_begins_anew(nginx: Path, tmp_path: Path) -> None:
    settings, own, _ = local(tmp_path, nginx)
    log = settings.state_dir / "logs" / "gateway-access.log"
    log.write_bytes(b"x" * (MAX_LOG_BYTES + 1))
    gateway.make_ready(settings, own, nginx)
    assert (settings.state_dir / "gateway").stat().st_mode & 0o777 == 0o700
    assert log.stat().st_size == 0
    assert log.with_suffix(".old.log").stat().st_size == MAX_LOG_BYTES + 1
    settings.state_dir.chmod(0o755)
    StateFolder(settings.state_dir).make()
    assert settings.state_dir.stat().st_mode & 0o777 == 0o700, "its folder is the stack's own"


def test_what_nginx_refuses_is_said(nginx: Path, tmp_path: Path) -> None:
    settings, own, _ = local(tmp_path, nginx, allowed_origins=("https://a.example",) * 2)
    with pytest.raises(ConfigurationError, match=r"(?s)NGINX refuses .*conflicting parameter"):
        gateway.make_ready(settings, own, nginx)


def test_a_certificate_without_its_key_is_said(nginx: Path, tmp_path: Path) -> None:
    settings, own, _ = local(tmp_path, nginx, certificate=tmp_path / "own.pem")
    with pytest.raises(ConfigurationError, match="FACESOCIAL_GATEWAY_CERTIFICATE is set alone"):
        gateway.make_ready(settings, own, nginx)


def test_a_named_certificate_is_used_and_not_touched(
    nginx: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    certificate, key = write_pair(tmp_path, "faces.example")
    before = certificate.read_bytes()
    environment |= {
        "FACESOCIAL_GATEWAY_CERTIFICATE": str(certificate),
        "FACESOCIAL_GATEWAY_CERTIFICATE_KEY": str(key),
        "FACESOCIAL_GATEWAY_SERVER_NAMES": "faces.example",
    }
    with stack(environment, tmp_path) as running:
        assert not (tmp_path / "state" / "gateway" / "certificate.pem").exists()
        with client_for(certificate) as client:
            assert answers(f"{running.url}/health", client)
        other, other_key = tmp_path / "other.pem", tmp_path / "other-key.pem"
        ensure_certificate(other, other_key, ["127.0.0.1"])
        for stranger in (client_for(other), client_for()):
            with stranger:
                assert not answers(f"{running.url}/health", stranger)
    assert certificate.read_bytes() == before


def test_the_welcome_goes_by_the_names_of_a_named_certificate(nginx: Path, tmp_path: Path) -> None:
    certificate, key = write_pair(tmp_path / "with space", "faces.example")
    _, own, made = local(
        tmp_path, nginx, certificate=certificate, certificate_key=key, server_names=("faces.example",)
    )
    said = StringIO()
    welcome(made, own, "token", Console(file=said))
    port = made[1].port
    for part in (f"--resolve faces.example:{port}:127.0.0.1", f"--cacert '{certificate}'", "https://faces"):
        assert part in said.getvalue()


def test_paths_of_settings_are_made_absolute_for_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = GatewaySettings(nginx="./nginx", certificate=Path("c.pem"), certificate_key=Path("/k.pem"))
    assert gateway.anchored(own) == {
        "FACESOCIAL_GATEWAY_NGINX": str(tmp_path / "nginx"),
        "FACESOCIAL_GATEWAY_CERTIFICATE": str(tmp_path / "c.pem"),
        "FACESOCIAL_GATEWAY_CERTIFICATE_KEY": "/k.pem",
    }
    assert gateway.anchored(GatewaySettings()) == {}
