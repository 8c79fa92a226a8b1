"""Redis as Compose starts it: the real one, with the password of a file."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis
from service_process import free_port

PASSWORD = "swordfish-0123456789"
LIMIT_S = 20


@pytest.fixture
def environment(folder: Path, tmp_path: Path) -> dict[str, str]:
    """Places of the container's files on this machine."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    (tmp_path / "redis_password").write_text(f"{PASSWORD}\n")
    (tmp_path / "data").mkdir()
    own = tmp_path / "own.conf"
    own.write_text((folder / "redis/redis.conf").read_text().replace("dir /data", f"dir {tmp_path / 'data'}"))
    places = {"SECRETS_FOLDER": tmp_path, "CONFIGURATION_FOLDER": tmp_path, "OWN_CONFIGURATION": own}
    return {**os.environ, **{name: str(place) for name, place in places.items()}}


@pytest.fixture
def running(
    folder: Path, environment: dict[str, str], tmp_path: Path
) -> Iterator[tuple[psutil.Process, int]]:
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        command = [folder / "redis/start.sh", "--bind", "127.0.0.1", "--port", str(port)]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait(port, process)
            yield psutil.Process(process.pid), port
        finally:
            process.terminate()
            process.wait(LIMIT_S)


def wait(port: int, process: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + LIMIT_S
    while time.monotonic() < limit and process.poll() is None:
        try:
            redis.Redis(port=port).ping()
        except redis.AuthenticationError:
            return
        except redis.ConnectionError:
            time.sleep(0.05)
    pytest.fail("redis-server does not answer")


def test_who_knows_no_password_is_refused(running: tuple[psutil.Process, int]) -> None:
    _, port = running
    for client in (redis.Redis(port=port), redis.Redis(port=port, password="guess")):
        with pytest.raises(redis.AuthenticationError):
            client.get("x")
    own = redis.Redis(port=port, password=PASSWORD)
    assert own.set("x", "y")
    settings = own.config_get("*")
    assert (settings["appendonly"], settings["maxmemory-policy"]) == ("yes", "noeviction")
    assert settings["maxmemory"] == str(768 * 2**20)


def test_the_password_is_in_no_argument_and_no_environment(
    running: tuple[psutil.Process, int], tmp_path: Path
) -> None:
    process, _ = running
    assert process.name() == "redis-server", "the shell has made way: signals reach Redis"
    assert PASSWORD not in " ".join([*process.cmdline(), *process.environ().values()])
    assert (tmp_path / "redis.conf").stat().st_mode & 0o777 == 0o600


def test_the_health_check_knows_the_password(
    folder: Path, running: tuple[psutil.Process, int], environment: dict[str, str], tmp_path: Path
) -> None:
    _, port = running

    def healthy() -> bool:
        command = [folder / "redis/answers.sh", "-p", str(port)]
        return subprocess.run(command, env=environment, capture_output=True, timeout=LIMIT_S).returncode == 0

    assert healthy()
    (tmp_path / "redis_password").write_text("another")
    assert not healthy()


@pytest.mark.parametrize("password", ["", "\n", "with space", 'quote"', "line\nrequirepass x"])
def test_a_password_that_redis_would_misread_is_refused(
    folder: Path, environment: dict[str, str], tmp_path: Path, password: str
) -> None:
    (tmp_path / "redis_password").write_text(password)
    done = subprocess.run(
        [folder / "redis/start.sh"], env=environment, capture_output=True, text=True, timeout=LIMIT_S
    )
    assert done.returncode == 1
    assert "redis_password" in done.stderr
    assert not (tmp_path / "redis.conf").exists()
