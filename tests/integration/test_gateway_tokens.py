"""Tokens at the gateway: refused in a service's words, before the body, and never let through unchecked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import jwt
import pytest
from gateway_process import GatewayProcess
from integration.test_gateway_routing import both, without_meta
from recording_upstream import RecordingUpstream
from service_process import ServiceProcess

from deploy.nginx.routes import SERVICE_PREFIXES

DETECT = "/api/v1/face-detection/detect"
VIDEOS = "/api/v1/deepfake-detection/videos"
Five = Mapping[str, ServiceProcess]
Refused = tuple[int, str, Callable[[GatewayProcess], str | None]]


def unsigned(gateway: GatewayProcess) -> str:
    return f"Bearer {jwt.encode({'sub': 'ann', 'exp': time.time() + 60}, '', algorithm='none')}"


REFUSED: Mapping[str, Refused] = {
    "none": (401, "MISSING_TOKEN", lambda gateway: None),
    "another scheme": (401, "INVALID_TOKEN_FORMAT", lambda gateway: "Basic YTpi"),
    "no token": (401, "INVALID_TOKEN_FORMAT", lambda gateway: "Bearer nothing"),
    "two tokens": (
        401,
        "INVALID_TOKEN_FORMAT",
        lambda gateway: f"Bearer {gateway.token()}, Bearer {gateway.token()}",
    ),
    "forged": (401, "INVALID_TOKEN", lambda gateway: f"Bearer {gateway.token()[:-8]}AAAAAAAA"),
    "not signed": (401, "INVALID_TOKEN", unsigned),
    "expired": (401, "INVALID_TOKEN", lambda gateway: f"Bearer {gateway.token(exp=time.time() - 60)}"),
    "of nobody": (401, "INVALID_TOKEN", lambda gateway: f"Bearer {gateway.token(sub='')}"),
    "of no role": (403, "FORBIDDEN", lambda gateway: f"Bearer {gateway.token(role='emperor')}"),
    "with quotes": (403, "FORBIDDEN", lambda gateway: "Bearer " + gateway.token(role='a"b')),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_is_the_services_own(gateway: GatewayProcess, five: Five, case: str) -> None:
    status, code, header = REFUSED[case]
    value = header(gateway)
    request_id = f"refused-{list(REFUSED).index(case)}"
    headers = {"X-Request-ID": request_id} | ({"Authorization": value} if value else {})
    through, direct = both(gateway, five, "face-detection", "POST", "/detect", headers=headers)
    assert through.status_code == direct.status_code == status
    assert through.json()["error"]["code"] == code
    assert through.json()["error"]["message"] == direct.json()["error"]["message"]
    assert through.json()["meta"] == direct.json()["meta"] == {"request_id": request_id}
    assert through.headers.get("www-authenticate") == direct.headers.get("www-authenticate")
    assert through.headers["content-type"] == "application/json"
    assert [line["error"] for line in gateway.log(f'"{request_id}"')] == [code]


def test_a_role_that_an_operation_needs_is_judged_by_the_service(gateway: GatewayProcess, five: Five) -> None:
    through, direct = both(
        gateway,
        five,
        "face-recognition",
        "POST",
        "/collections",
        headers=gateway.headers(role="viewer"),
        json={"name": "never"},
    )
    assert through.status_code == direct.status_code == 403
    assert without_meta(through) == without_meta(direct)


@pytest.mark.parametrize("expects", [True, False])
def test_the_body_is_not_waited_for(front: GatewayProcess, source: str, expects: bool) -> None:
    """The answer comes although not a byte of it was sent.

    NGINX says 100 Continue before it throws a body away (``ngx_http_discard_request_body``); the refusal follows at
    once all the same.
    """
    lines = [f"POST {VIDEOS} HTTP/1.1", "Host: localhost", "Content-Length: 400000000"]
    lines += ["Expect: 100-continue"] if expects else []
    with front.raw(source) as connection:
        connection.send("\r\n".join([*lines, "", ""]).encode())
        assert connection.answer().status == 401


def test_a_body_is_asked_for_where_the_token_holds(front: GatewayProcess, source: str) -> None:
    lines = [f"POST {VIDEOS} HTTP/1.1", "Host: localhost", "Content-Length: 3", "Expect: 100-continue"]
    token = f"Authorization: Bearer {front.token()}"
    with front.raw(source) as connection:
        connection.send("\r\n".join([*lines, token, "", ""]).encode())
        assert connection.receive(4096).startswith(b"HTTP/1.1 100 ")
        connection.send(b"abc")
        assert connection.answer().status == 200


def test_without_the_verifier_nobody_gets_in(recorder: RecordingUpstream, tmp_path: Path) -> None:
    upstreams = {prefix: [recorder.address] for prefix in SERVICE_PREFIXES}
    with GatewayProcess(tmp_path, upstreams) as gateway, gateway.client(headers=gateway.headers()) as client:
        assert client.post(f"{DETECT}?before").status_code == 200
        gateway.stop_verifier()
        down = [client.post(f"{DETECT}?down"), client.post(f"{VIDEOS}?down", content=b"x" * 100)]
        assert client.get("/health").status_code == 200
        gateway.start_verifier()
        assert client.post(f"{DETECT}?after").status_code == 200
    for answer in down:
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "DEPENDENCY_UNAVAILABLE"
        assert answer.json()["meta"]["request_id"] == answer.headers["x-request-id"]
        assert int(answer.headers["retry-after"]) >= 1
    assert not recorder.requests("?down")
