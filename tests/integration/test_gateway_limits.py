"""How many requests of one caller the gateway lets through at once, and what it says to the next."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from gateway_process import GatewayProcess

from deploy.nginx.routes import ROUTES, Route

EXAMPLES = {
    "face_recognition_collection_batch": "/api/v1/face-recognition/collections/staff/batch",
    "face_recognition_inference": "/api/v1/face-recognition/collections/staff/identify",
}
BEYOND = 4
"""Requests more than a burst allows."""
ROUNDS = 5
REFUSALS_BURST, REFUSALS_RATE = 30, 10


def path_of(route: Route) -> str:
    return EXAMPLES.get(route.name, route.location.removeprefix("= "))


def burst(
    gateway: GatewayProcess, path: str, count: int, source: str, headers: dict[str, str]
) -> tuple[list[httpx.Response], float]:
    """Answers of so many requests at once, and the seconds from the first to the last."""
    with gateway.client(source, headers=headers) as client, ThreadPoolExecutor(8) as pool:
        client.get("/health")
        started = time.monotonic()
        answers = list(pool.map(lambda _: client.post(path, content=b"{}"), range(count)))
        return answers, time.monotonic() - started


def assert_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "RATE_LIMITED"
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["meta"]["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_burst_passes_and_the_next_request_does_not(
    front: GatewayProcess, route: Route, source: str
) -> None:
    """On a machine so slow that the budget came back in the meantime the round counts for nothing."""
    for attempt in range(ROUNDS):
        headers = front.headers(f"{route.name}-{attempt}")
        count = route.burst + 1 + BEYOND
        answers, seconds = burst(front, path_of(route), count, source, headers)
        served = Counter(answer.status_code for answer in answers)[200]
        assert route.burst + 1 <= served <= route.burst + 1 + route.rate * seconds + 1
        refused = [answer for answer in answers if answer.status_code != 200]
        if refused:
            break
    else:
        pytest.fail("every round took longer than the budget needs to come back")
    for answer in refused:
        assert_refused(answer)
    neighbour = burst(front, path_of(route), 1, source, front.headers())[0][0]
    assert neighbour.status_code == 200


def test_routes_of_one_zone_share_a_budget_and_zones_do_not(front: GatewayProcess, source: str) -> None:
    headers = front.headers()
    answers, _ = burst(front, "/api/v1/deepfake-detection/analyze", 12, source, headers)
    assert 429 in {answer.status_code for answer in answers}
    other, _ = burst(front, "/api/v1/deepfake-detection/jobs", 2, source, headers)
    assert 429 in {answer.status_code for answer in other}
    batch, _ = burst(front, "/api/v1/deepfake-detection/batch", 1, source, headers)
    assert batch[0].status_code == 200


def test_a_subject_is_counted_whatever_its_token_and_address(front: GatewayProcess, source: str) -> None:
    path = "/api/v1/deepfake-detection/batch"
    first, second = front.headers("twice"), front.headers("twice", role="admin", jti="another")
    assert first != second
    spent, _ = burst(front, path, 8, source, first)
    assert 429 in {answer.status_code for answer in spent}
    assert_refused(burst(front, path, 8, "127.0.0.9", second)[0][-1])
    stranger = front.headers("twice", tenant="of-another-tenant")
    assert burst(front, path, 1, source, stranger)[0][0].status_code == 200


def test_without_a_token_the_address_is_counted(front: GatewayProcess, source: str) -> None:
    path = "/api/v1/face-detection/detect"
    count = REFUSALS_BURST + 1 + 10
    answers, seconds = burst(front, path, count, source, {})
    codes = Counter(answer.status_code for answer in answers)
    assert set(codes) == {401, 429}
    assert REFUSALS_BURST + 1 <= codes[401] <= REFUSALS_BURST + 2 + REFUSALS_RATE * seconds
    assert_refused(next(answer for answer in answers if answer.status_code == 429))
    forged = burst(front, path, count, source, {"Authorization": "Bearer a.b.c"})[0]
    assert 429 in {answer.status_code for answer in forged}
    elsewhere = burst(front, path, 1, "127.0.0.10", {})[0][0]
    assert elsewhere.status_code == 401
    known = burst(front, path, 1, source, front.headers())[0][0]
    assert known.status_code == 200


def test_open_paths_are_counted_by_address(front: GatewayProcess, source: str) -> None:
    answers, _ = burst(front, "/api/v1/demographics/health", REFUSALS_BURST + 20, source, {})
    assert {answer.status_code for answer in answers} == {200, 429}


def test_an_address_that_a_client_makes_up_has_no_budget(front: GatewayProcess, source: str) -> None:
    """Behind the trusted proxy the addresses it names are counted; others only claim to be one."""
    path, names = "/api/v1/face-detection/detect", [f"203.0.113.{host}" for host in range(60)]
    with front.client(source) as client:
        answers = [client.post(path, headers={"X-Forwarded-For": name}) for name in names]
    assert 429 in {answer.status_code for answer in answers}
    with front.client("127.0.0.1") as proxy:
        answers = [proxy.post(path, headers={"X-Forwarded-For": name}) for name in names]
    assert {answer.status_code for answer in answers} == {401}
