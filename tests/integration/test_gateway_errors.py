"""Errors that NGINX makes by itself: the contract's JSON, with the id that finds the request in the log."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest
from gateway_process import GatewayProcess
from recording_upstream import RecordingUpstream

from deploy.nginx.routes import ROUTES

IMPATIENT = tuple(route.model_copy(update={"timeout_s": 1}) for route in ROUTES)


@pytest.fixture(scope="module")
def troubled(
    recorder: RecordingUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    """Demographics answers, face-detection is dead, antispoofing takes connections and says nothing.

    Nobody is waited for longer than a second.
    """
    folder = tmp_path_factory.mktemp("troubled")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        stalled = f"127.0.0.1:{silent.getsockname()[1]}"
        upstreams = {"demographics": [recorder.address], "antispoofing": [stalled]}
        with GatewayProcess(folder, upstreams, changes={"routes": IMPATIENT}) as gateway:
            yield gateway


def assert_own_error(gateway: GatewayProcess, answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status
    body = answer.json()
    assert body["success"] is False
    assert body["error"]["code"] == code
    assert body["error"]["message"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers.get_list("x-request-id") == [body["meta"]["request_id"]]
    (line,) = gateway.log(body["meta"]["request_id"])
    assert line["status"] == status


def test_a_dead_service(troubled: GatewayProcess) -> None:
    with troubled.client(headers=troubled.headers()) as client:
        answer = client.post("/api/v1/face-detection/detect", content=b"x")
        assert_own_error(troubled, answer, 502, "DEPENDENCY_UNAVAILABLE")
        assert int(answer.headers["retry-after"]) >= 1
        health = client.get("/api/v1/face-detection/health")
        assert_own_error(troubled, health, 502, "DEPENDENCY_UNAVAILABLE")
        assert client.post("/api/v1/demographics/estimate").status_code == 200


def test_a_service_that_stalls(troubled: GatewayProcess) -> None:
    with troubled.client(headers=troubled.headers()) as client:
        answer = client.post("/api/v1/antispoofing/check", content=b"x")
    assert_own_error(troubled, answer, 504, "DEPENDENCY_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) >= 1


def test_a_service_that_thinks_too_long(troubled: GatewayProcess, recorder: RecordingUpstream) -> None:
    headers = {**troubled.headers(), "X-Answer-After-S": "3"}
    with troubled.client(headers=headers) as client:
        answer = client.post("/api/v1/demographics/batch?thinks", content=b"x")
    assert_own_error(troubled, answer, 504, "DEPENDENCY_UNAVAILABLE")
    assert len(recorder.requests("?thinks")) == 1


@pytest.mark.parametrize("status", [400, 404, 413, 422, 429, 500, 502, 503, 504])
def test_errors_of_a_service_stay_its_own(front: GatewayProcess, source: str, status: int) -> None:
    own = {
        "X-Answer-Status": str(status),
        "X-Answer-Body": '{"success": false, "error": {"code": "ITS_OWN"}}',
        "X-Answer-Headers": '{"retry-after": "17"}',
    }
    with front.client(source, headers={**front.headers(), **own}) as client:
        answer = client.post("/api/v1/demographics/estimate", content=b"x")
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == "ITS_OWN"
    assert answer.headers.get_list("retry-after") == ["17"]


def test_a_caller_that_goes_away_is_no_error(front: GatewayProcess, source: str) -> None:
    mark = f"gone-{source}"
    with front.raw(source) as connection:
        lines = ["POST /api/v1/demographics/estimate HTTP/1.1", "Host: localhost", "Content-Length: 9"]
        lines += [f"Authorization: Bearer {front.token()}", f"X-Request-ID: {mark}"]
        connection.send("\r\n".join([*lines, "", "abc"]).encode())
    assert front.log(mark)[0]["status"] in (400, 499)
    assert "[alert]" not in front.error_log.read_text()
    assert "[crit]" not in front.error_log.read_text()


def test_an_id_that_is_none_is_replaced(
    front: GatewayProcess, recorder: RecordingUpstream, source: str
) -> None:
    for sent in ("a b", "a" * 129, 'a"b', "<script>", "", "é"):
        with front.client(source, headers=front.headers()) as client:
            answer = client.post(
                f"/api/v1/demographics/estimate?{source}", headers={"X-Request-ID": sent.encode()}
            )
        (given,) = answer.headers.get_list("x-request-id")
        assert given != sent
        assert recorder.requests(f"?{source}")[-1].all("x-request-id") == [given]
        assert len(front.log(f'"{given}"')) == 1
