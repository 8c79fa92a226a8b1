"""A Milvus that several processes share: two clients at once, and a server that goes away and comes back."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from milvus_server import MilvusServer
from service_process import free_port

from bentos.common.errors import ConfigurationError, DependencyUnavailable
from bentos.face_recognition.vectors import MilvusIndex, Vector, served
from bentos.face_recognition.vectors.client import QUIET

People = Callable[..., list[Vector]]
Opened = Callable[..., MilvusIndex]
ENOUGH_S = 20.0
"""Far more than the timeouts of these tests, far less than a call that waits for ever."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MilvusServer]:
    with MilvusServer(tmp_path / "server") as started:
        yield started


def wait_until_stopped(pid: int) -> None:
    """Each of its threads stops when it runs next."""
    limit = time.monotonic() + ENOUGH_S
    while any(Path(task, "stat").read_text().rsplit(")", 1)[1].split()[0] != "T" for task in tasks(pid)):
        assert time.monotonic() < limit
        time.sleep(0.01)


def tasks(pid: int) -> list[Path]:
    return list(Path(f"/proc/{pid}/task").iterdir())


def test_two_clients_lose_nothing(milvus_server_uri: str, opened: Opened, people: People) -> None:
    clients = [opened(milvus_server_uri, "2c" * 32) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(MilvusIndex.open, clients))  # both make the collection
    crowds = [people(200), people(200)]

    def write(index: MilvusIndex, crowd: list[Vector]) -> None:
        for start in range(0, 200, 20):
            index.upsert(crowd[start : start + 20])
            index.delete(crowd[0].tenant, [crowd[start].id])
            one = crowd[start + 1]
            assert index.search(one.tenant, one.gallery, one.values, 1)[0].id == one.id

    with ThreadPoolExecutor(4) as pool:
        working = [pool.submit(write, *pair) for pair in zip(clients, crowds, strict=True)]
        for one in working:
            one.result(60)
    kept = {one.id for crowd in crowds for place, one in enumerate(crowd) if place % 20}
    for client in clients:
        found = list(client.ids())
        assert (len(found), set(found)) == (len(kept), kept)
    one = crowds[0][1]
    clients[0].delete(one.tenant, [one.id])
    assert one.id not in {hit.id for hit in clients[1].search(one.tenant, one.gallery, one.values, 200)}
    clients[0].drop()


def test_a_server_that_is_away_and_comes_back(server: MilvusServer, opened: Opened, people: People) -> None:
    index = opened(server.uri)
    crowd = people(30)
    index.upsert(crowd)
    server.stop()
    calls: list[Callable[[], object]] = [
        index.ping,
        index.count,
        lambda: index.search(crowd[0].tenant, crowd[0].gallery, crowd[0].values, 1),
        lambda: index.upsert(crowd),
        lambda: index.delete(crowd[0].tenant, [crowd[0].id]),
        lambda: list(index.ids()),
        lambda: opened(server.uri).open(),
    ]
    for call in calls:
        began = time.monotonic()
        with pytest.raises(DependencyUnavailable, match="Milvus does not answer") as caught:
            call()
        assert time.monotonic() - began < ENOUGH_S
        assert caught.value.details == {"dependency": "milvus"}
    server.start()
    assert index.search(crowd[3].tenant, crowd[3].gallery, crowd[3].values, 1)[0].id == crowd[3].id
    assert index.count() == 30


def test_a_server_that_comes_after_the_service(opened: Opened, people: People, tmp_path: Path) -> None:
    server = MilvusServer(tmp_path / "server")
    index = opened(server.uri)
    with pytest.raises(DependencyUnavailable):
        index.open()
    with server:
        index.upsert(people(3))
        assert index.count() == 3


def test_a_server_that_hangs(server: MilvusServer, opened: Opened, people: People) -> None:
    index = opened(server.uri, timeout_s=1.0)
    (one,) = people(1)
    index.upsert([one])
    os.kill(server.pid, signal.SIGSTOP)
    try:
        wait_until_stopped(server.pid)
        for call in (index.ping, index.count, lambda: opened(server.uri, timeout_s=1.0).open()):
            began = time.monotonic()
            with pytest.raises(DependencyUnavailable):
                call()
            assert time.monotonic() - began < ENOUGH_S
    finally:
        os.kill(server.pid, signal.SIGCONT)
    assert index.search(one.tenant, one.gallery, one.values, 1)[0].id == one.id


def test_a_failure_is_told_once(
    server: MilvusServer, opened: Opened, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    """By whoever catches it: the client does not log it again, with a traceback, for each request."""
    index = opened(server.uri)
    index.open()
    server.stop()
    loggers = [logging.getLogger(name) for name in QUIET]
    for logger in loggers:
        logger.addHandler(caplog.handler)
    try:
        for _ in range(2):
            with pytest.raises(DependencyUnavailable):
                index.count()
    finally:
        for logger in loggers:
            logger.removeHandler(caplog.handler)
    assert caplog.text == ""


@pytest.mark.parametrize(
    "uri", ["milvus:19530", "ftp://user:geheim@milvus", "/var/lib/milvus", "", "redis://:geheim@milvus:6379"]
)
def test_an_address_that_is_none(opened: Opened, uri: str) -> None:
    with pytest.raises(ConfigurationError, match="FACESOCIAL_MILVUS_URI") as caught:
        opened(uri)
    assert "geheim" not in caught.value.message


def test_a_password_is_in_no_message(opened: Opened) -> None:
    index = opened(f"http://user:geheim@127.0.0.1:{free_port()}")
    with pytest.raises(DependencyUnavailable) as caught:
        index.open()
    assert "geheim" not in f"{caught.value.message} {caught.value.details}"


@pytest.mark.parametrize(
    ("version", "refused"),
    [
        ("v2.3.5-lite", True),
        ("2.3.22", True),
        ("1.1.0", True),
        ("v2.4.0", False),
        ("2.6.1", False),
        ("v3.0.0-beta", False),
        ("milvus_lite-3.2.2", False),
        ("nightly", False),
    ],
)
def test_versions(version: str, refused: bool) -> None:
    if not refused:
        served._require_version(version)
        return
    with pytest.raises(ConfigurationError, match=r"2\.4 or newer"):
        served._require_version(version)
