"""Several replicas of a service behind the gateway, of which some die while they are asked."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest
from gateway_process import GatewayProcess
from recording_upstream import NAME, RecordingUpstream

from deploy.nginx.routes import ROUTES, SERVICE_PREFIXES

UNLIMITED = tuple(route.model_copy(update={"rate": 1000, "burst": 1000}) for route in ROUTES)
THREADS = 8
DETECT = "/api/v1/face-detection/detect"
SUBJECTS = "/api/v1/face-recognition/collections/staff/subjects"
INFERENCE = (
    DETECT,
    "/api/v1/antispoofing/check",
    "/api/v1/demographics/estimate",
    "/api/v1/face-recognition/embed",
    "/api/v1/face-recognition/verify",
    "/api/v1/face-recognition/collections/staff/identify",
)
WRITES = (
    SUBJECTS,
    "/api/v1/face-recognition/collections",
    "/api/v1/face-recognition/collections/staff/batch",
    "/api/v1/face-recognition/collections/staff/import",
    "/api/v1/face-recognition/collections/staff/reindex",
    "/api/v1/deepfake-detection/videos",
)


@dataclass
class Pair:
    """Two replicas of everything, and the gateway before them."""

    gateway: GatewayProcess
    replicas: tuple[RecordingUpstream, RecordingUpstream]

    def requests(self, mark: str) -> int:
        return sum(len(replica.requests(mark)) for replica in self.replicas)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    with (
        RecordingUpstream(folder / "one") as one,
        RecordingUpstream(folder / "other") as other,
        GatewayProcess(
            folder / "gateway",
            {prefix: [one.address, other.address] for prefix in SERVICE_PREFIXES},
            changes={"routes": UNLIMITED},
        ) as gateway,
    ):
        yield Pair(gateway, (one, other))


@pytest.fixture
def pair(started: Pair) -> Pair:
    """Both run, and the gateway has seen no failure of theirs: it forgets them with a reload."""
    for replica in started.replicas:
        replica.start()
    before = set(started.gateway.processes()[1:])
    started.gateway.reload()
    wait_until(lambda: not before & set(started.gateway.processes()))
    return started


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen within 20 s")


def under_load(
    ask: Callable[[int], httpx.Response], count: int, event: Callable[[], None]
) -> list[httpx.Response]:
    """Answers of so many requests, a third of which come before ``event``, and a third after it."""
    reached = threading.Semaphore(0)

    def one(number: int) -> httpx.Response:
        answer = ask(number)
        reached.release()
        return answer

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [pool.submit(one, number) for number in range(count)]
        for _ in range(count // 3):
            assert reached.acquire(timeout=60)
        event()
        return [answer.result(60) for answer in answers]


def test_inference_survives_a_replica_that_dies(pair: Pair) -> None:
    """Each request takes a while, so that some are in work where it happens; those are asked of the other one."""
    headers = {**pair.gateway.headers(), "X-Answer-After-S": "0.01"}
    dying, living = pair.replicas
    with pair.gateway.client(headers=headers) as client:

        def ask(number: int) -> httpx.Response:
            return client.post(f"{INFERENCE[number % len(INFERENCE)]}?n={number}", content=b"x" * 50_000)

        answers = under_load(ask, 600, dying.kill)
        assert Counter(answer.status_code for answer in answers) == {200: 600}
        assert {answer.headers[NAME] for answer in answers[:150]} == {str(dying.port), str(living.port)}
        assert {answer.headers[NAME] for answer in answers[-150:]} == {str(living.port)}
    assert pair.requests("?n=") > 600, "none was in work when it died: the test shows nothing"


def test_with_every_replica_dead_the_caller_is_told(pair: Pair) -> None:
    for replica in pair.replicas:
        replica.kill()
    with pair.gateway.client(headers=pair.gateway.headers()) as client:
        answers = [client.post(DETECT) for _ in range(6)]
    assert {answer.status_code for answer in answers} == {502}
    assert {answer.json()["error"]["code"] for answer in answers} == {"DEPENDENCY_UNAVAILABLE"}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)


@pytest.mark.parametrize("path", WRITES)
def test_a_write_is_never_sent_twice(pair: Pair, path: str) -> None:
    """The replica may have done it before it died: the caller is told, and repeats it with its Idempotency-Key."""
    headers = {**pair.gateway.headers(role="operator"), "X-Answer-After-S": "20"}
    mark = f"?write-{WRITES.index(path)}"
    with ThreadPoolExecutor(1) as pool, pair.gateway.client(headers=headers) as client:
        asked = pool.submit(client.post, path + mark, content=b"x")
        wait_until(lambda: pair.requests(mark) > 0)
        (busy,) = (replica for replica in pair.replicas if replica.requests(mark))
        busy.kill()
        answer = asked.result(60)
    assert answer.status_code == 502
    assert answer.json()["error"]["code"] == "DEPENDENCY_UNAVAILABLE"
    assert pair.requests(mark) == 1


def test_a_write_goes_to_the_living_replica_where_none_has_begun_it(pair: Pair) -> None:
    dying, living = pair.replicas
    with pair.gateway.client(headers=pair.gateway.headers(role="operator")) as client:
        dying.kill()
        answers = [client.post(f"{SUBJECTS}?living={number}", content=b"x") for number in range(40)]
    assert Counter(answer.status_code for answer in answers) == {200: 40}
    assert len(living.requests("?living=")) == 40


def test_connections_to_a_service_are_kept(pair: Pair) -> None:
    """A new one for each request costs more than many a request itself."""
    with pair.gateway.client(headers=pair.gateway.headers()) as client:
        for number in range(60):
            client.post(DETECT, headers={"X-Request-ID": f"kept-{number}"})
    lines = pair.gateway.log("kept-", at_least=60)
    assert [line["status"] for line in lines] == [200] * 60
    connections = {process.pid: process.net_connections("tcp") for process in pair.gateway.processes()}
    ports = {replica.port for replica in pair.replicas}
    kept = [one for found in connections.values() for one in found if one.raddr and one.raddr.port in ports]
    assert 1 <= len(kept) <= 4  # two workers, two replicas
    assert all(one.status == "ESTABLISHED" for one in kept)
