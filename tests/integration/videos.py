"""Videos at the running service, as callers use it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psutil
from integration.galleries import API, Caller
from pydantic import SecretStr
from service_process import ServiceProcess

from bentos.common.database import Database
from bentos.common.settings import DatabaseSettings
from bentos.deepfake_detection.video.jobs import JobStore

PIECE = 300_000
LIMIT_S = 60
FORM = {"Content-Type": "multipart/form-data; boundary=x"}
Deepfake = Callable[..., ServiceProcess]
"""Makes a deepfake detection service with these settings."""


def submit(caller: Caller, video: bytes, key: str | None = None, **options: str) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return caller.call("POST", "/videos", files={"video": ("a.mp4", video)}, data=options, headers=headers)


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    found: dict[str, Any] = answer.json()["error"]
    return found


def submitted(caller: Caller, video: bytes, **options: str) -> str:
    answer = submit(caller, video, **options)
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["data"]["job_id"]
    return job_id


def uploads(service: ServiceProcess) -> set[str]:
    folder = service.folder / "state" / "uploads"
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


@contextmanager
def nothing_stays(service: ServiceProcess) -> Iterator[None]:
    """Whatever happens inside the block, it leaves no upload."""
    before = uploads(service)
    yield
    deadline = time.monotonic() + LIMIT_S
    while (left := uploads(service) - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == set()


@contextmanager
def store_of(service: ServiceProcess) -> Iterator[JobStore]:
    """The jobs of a service on embedded stores, as a worker has them."""
    url = f"sqlite:///{service.folder / 'state' / 'facesocial.sqlite'}"
    database = Database(DatabaseSettings(url=SecretStr(url), pool_size=2, timeout_s=10))
    yield JobStore(database)
    database.close()


def pieces(size: int, closed: bool = True) -> Iterator[bytes]:
    """A form with a file of so many bytes, made on the way."""
    yield b'--x\r\nContent-Disposition: form-data; name="video"; filename="a.mp4"\r\n\r\n'
    for _ in range(size // PIECE):
        yield b"v" * PIECE
    if closed:
        yield b"\r\n--x--\r\n"


class Memory:
    """The resident memory of a service's processes while it is watched."""

    def __init__(self, service: ServiceProcess) -> None:
        self._processes = service.processes()
        self._end = threading.Event()
        self.first = self.largest = self._look()
        self.looks = 0

    def __enter__(self) -> Memory:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.02):
            self.largest = max(self.largest, self._look())
            self.looks += 1

    def _look(self) -> int:
        return sum(process.memory_info().rss for process in self._processes if psutil.pid_exists(process.pid))


@contextmanager
def events_of(
    caller: Caller, job_id: str
) -> Iterator[tuple[httpx.Response, Iterator[tuple[str, dict[str, Any]]]]]:
    """A job's events as they come."""
    token = caller.service.token("viewer", tenant=caller.tenant)
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{caller.service.url}{API}/jobs/{job_id}/events"
    with (
        httpx.Client(trust_env=False, timeout=LIMIT_S) as client,
        client.stream("GET", url, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        yield answer, _named(answer.iter_lines())


def _named(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in lines:
        if line.startswith("event: "):
            yield line.removeprefix("event: "), json.loads(next(lines).removeprefix("data: "))
