"""The small scripts that containers run, with real programs."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psycopg2
import pytest
from postgres import PostgresServer

ROOT = Path(__file__).parents[3]
BASE = ROOT / "deploy" / "k8s" / "base"
LIMIT_S = 30


def run(
    script: str, *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = ["/bin/sh", str(BASE / script), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=LIMIT_S, env={**os.environ, **(env or {})}
    )


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_S
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_connection_is_seen_while_it_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert run("video/probes/connected.sh", port).returncode == 1  # it listens, and nobody is connected
        with socket.create_connection(server.getsockname()):
            assert run("video/probes/connected.sh", port).returncode == 0
    assert run("video/probes/connected.sh", "none").returncode != 0


@pytest.fixture
def waiting() -> Iterator[subprocess.Popen[bytes]]:
    """A process whose first thread wakes up ten times a second."""
    process = subprocess.Popen([sys.executable, "-c", "import time\nwhile True: time.sleep(.1)"])
    yield process
    process.kill()
    process.wait(LIMIT_S)


def test_a_process_that_does_not_run_is_told_from_one_that_does(
    waiting: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    def moves() -> bool:
        return run("video/probes/moves.sh", str(waiting.pid), str(tmp_path / "moves")).returncode == 0

    assert moves()
    time.sleep(0.5)
    assert moves()
    waiting.send_signal(signal.SIGSTOP)
    status = Path(f"/proc/{waiting.pid}/status")
    wait_for(lambda: "State:\tT" in status.read_text())
    moves()
    assert not moves()
    waiting.send_signal(signal.SIGCONT)
    time.sleep(0.5)
    assert moves()


def test_each_program_gets_a_role_and_a_database_of_its_own(postgres: PostgresServer, tmp_path: Path) -> None:
    own, others = "a" * 20 + "1", "b" * 20 + "2"
    (tmp_path / "FACESOCIAL_DATABASE_URL").write_text(f"postgresql://k_faces:{own}@postgres:5432/k_faces\n")
    (tmp_path / "mlflow_database_url").write_text(
        f"postgresql+psycopg2://k_mlflow:{others}@postgres:5432/k_mlflow"
    )
    parts = psycopg2.extensions.parse_dsn(postgres.url("postgres"))
    environment = {
        "SECRETS_FOLDER": str(tmp_path),
        "POSTGRES_USER": parts["user"],
        "PGHOST": parts["host"],
        "PGPORT": parts.get("port", "5432"),
        "PGPASSWORD": parts.get("password", ""),
    }
    done = run("stores/roles.sh", env=environment)
    assert done.returncode == 0, done.stderr
    roles = postgres.ask(
        "SELECT rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname LIKE 'k\\_%' ORDER BY rolname"
    )
    assert roles == [("k_faces", False, True), ("k_mlflow", False, False)]
    owners = postgres.ask(
        "SELECT datname, pg_get_userbyid(datdba), has_database_privilege('k_mlflow', datname, 'CONNECT') "
        "FROM pg_database WHERE datname LIKE 'k\\_%' ORDER BY datname"
    )
    assert owners == [("k_faces", "k_faces", False), ("k_mlflow", "k_mlflow", True)]
    assert own not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "address",
    ["postgresql://k_bad:quote'd@postgres/k_bad", "postgresql://k_bad:@postgres/k_bad", "nothing", ""],
)
def test_an_address_that_sql_could_misread_is_refused(address: str, tmp_path: Path) -> None:
    (tmp_path / "FACESOCIAL_DATABASE_URL").write_text(address)
    done = run("stores/roles.sh", env={"SECRETS_FOLDER": str(tmp_path), "POSTGRES_USER": "nobody"})
    assert done.returncode == 1
    assert "openssl rand" in done.stderr


def certificate_of(port: int) -> str:
    return ssl.get_server_certificate(("127.0.0.1", port), timeout=LIMIT_S)


def make_certificate(folder: Path) -> None:
    """As kubelet does it: the file is whole, or the old one."""
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    files = ["-keyout", str(folder / "new.key"), "-out", str(folder / "new.crt"), "-subj", "/CN=localhost"]
    subprocess.run([*command, *files], check=True, capture_output=True, timeout=LIMIT_S)
    (folder / "new.key").replace(folder / "tls.key")
    (folder / "new.crt").replace(folder / "tls.crt")


@pytest.mark.skipif(shutil.which("nginx", path="/usr/sbin:" + os.environ["PATH"]) is None, reason="no nginx")
def test_a_renewed_certificate_is_read_without_a_restart(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    make_certificate(tmp_path)
    temporary = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"pid {tmp_path}/nginx.pid; error_log stderr; events {{}} http {{ access_log off; {temporary} "
        f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {tmp_path}/tls.crt; "
        f"ssl_certificate_key {tmp_path}/tls.key; return 204; }} }}"
    )
    command = ["/bin/sh", str(BASE / "gateway/run.sh"), str(config), str(tmp_path / "tls.crt"), "0.2"]
    path = {"PATH": f"/usr/sbin:{os.environ['PATH']}"}
    with subprocess.Popen(command, env={**os.environ, **path}, start_new_session=True) as process:
        try:
            wait_for((tmp_path / "nginx.pid").exists)
            first = certificate_of(port)
            make_certificate(tmp_path)
            wait_for(lambda: certificate_of(port) != first)
            assert process.poll() is None
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(LIMIT_S)
