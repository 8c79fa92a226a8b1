"""A new configuration while requests come: none is lost."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from gateway_process import GatewayProcess
from recording_upstream import RecordingUpstream

from deploy.nginx.routes import ROUTES, SERVICE_PREFIXES

UNLIMITED = tuple(route.model_copy(update={"rate": 1000, "burst": 1000}) for route in ROUTES)
RELOADS = 5
PAUSE_S = 0.4
DETECT = "/api/v1/face-detection/detect"
SUBJECTS = "/api/v1/face-recognition/collections/staff/subjects"
NO_BYTE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError)


@dataclass
class Tally:
    """What one client saw; ``again`` counts requests that met the closing of a kept connection and were repeated."""

    asked: int = 0
    again: int = 0


@pytest.fixture
def reloaded(recorder: RecordingUpstream, tmp_path: Path) -> Iterator[GatewayProcess]:
    upstreams = {prefix: [recorder.address] for prefix in SERVICE_PREFIXES}
    with GatewayProcess(tmp_path, upstreams, changes={"routes": UNLIMITED}) as gateway:
        yield gateway


def connect(gateway: GatewayProcess) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection("127.0.0.1", gateway.port, timeout=30, context=gateway.context())


def ask(connection: http.client.HTTPSConnection, gateway: GatewayProcess, path: str) -> None:
    headers = {**gateway.headers(), "X-Answer-After-S": "0.005"}
    connection.request("POST", path, body=b"x" * 20_000, headers=headers)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200


def keep(gateway: GatewayProcess, path: str, tally: Tally, ended: threading.Event) -> None:
    """One connection, as long as it lasts."""
    connection = connect(gateway)
    connection.connect()
    while not ended.is_set():
        fresh = connection.sock is None
        tally.asked += 1
        try:
            ask(connection, gateway, path)
        except NO_BYTE:
            # RFC 9112, 9.3.1: a kept connection may be closed at any time, and a request that met it be repeated.
            assert not fresh, "a new connection was closed without an answer"
            tally.again += 1
            connection.close()
            ask(connection, gateway, path)
    connection.close()


def connect_anew(gateway: GatewayProcess, path: str, tally: Tally, ended: threading.Event) -> None:
    """A connection for each request; nothing is repeated."""
    while not ended.is_set():
        tally.asked += 1
        connection = connect(gateway)
        ask(connection, gateway, path)
        connection.close()


Client = Callable[[GatewayProcess, str, Tally, threading.Event], None]


def reload_under(gateway: GatewayProcess, client: Client, path: str) -> list[Tally]:
    ended, tallies = threading.Event(), [Tally() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(client, gateway, path, tally, ended) for tally in tallies]
        try:
            for _ in range(RELOADS):
                time.sleep(PAUSE_S)
                gateway.reload()
            time.sleep(PAUSE_S)
        finally:
            ended.set()
        for one in running:
            one.result(60)
    return tallies


@pytest.mark.parametrize("path", [DETECT, SUBJECTS])
def test_new_connections_lose_nothing(
    reloaded: GatewayProcess, recorder: RecordingUpstream, path: str
) -> None:
    before = {process.pid for process in reloaded.processes()[1:]}
    tallies = reload_under(reloaded, connect_anew, f"{path}?anew")
    assert sum(tally.asked for tally in tallies) > 50
    assert not before & {process.pid for process in reloaded.processes()[1:]}


@pytest.mark.parametrize("path", [DETECT, SUBJECTS])
def test_kept_connections_lose_nothing(
    reloaded: GatewayProcess, recorder: RecordingUpstream, path: str
) -> None:
    mark = f"?kept-{reloaded.port}"
    tallies = reload_under(reloaded, keep, f"{path}{mark}")
    asked, again = (sum(getattr(tally, name) for tally in tallies) for name in ("asked", "again"))
    assert asked > 50
    assert again <= RELOADS * len(tallies)
    assert len(recorder.requests(mark)) == asked, "a request that was repeated had been served already"


def test_a_long_request_outlives_a_reload(reloaded: GatewayProcess) -> None:
    before = {process.pid for process in reloaded.processes()[1:]}
    with ThreadPoolExecutor(1) as pool, reloaded.client(headers=reloaded.headers()) as client:
        asked = pool.submit(client.post, f"{DETECT}?long", headers={"X-Answer-After-S": "2"})
        time.sleep(0.5)
        reloaded.reload()
        with reloaded.client(headers=reloaded.headers()) as other:
            assert other.post(DETECT).status_code == 200
        assert asked.result(30).status_code == 200
    assert before - {process.pid for process in reloaded.processes()[1:]}
