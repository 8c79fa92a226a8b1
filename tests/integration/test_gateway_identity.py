"""Who a request is from, as a service learns it from the gateway: nothing that a client says of itself."""

from __future__ import annotations

import json

import pytest
from gateway_process import GatewayProcess
from raw_http import RawAnswer
from recording_upstream import Recorded, RecordingUpstream

DETECT = "/api/v1/face-detection/detect"
IDENTITY = ("x-user-id", "x-user-role", "x-tenant-id")
FORGED = (
    "X-User-ID: mallory",
    "X-User-Role: admin",
    "X-Tenant-ID: victims",
    "x-user-id: mallory",
    "X_User_ID: mallory",
    "X-USER_ROLE: admin",
    "x_tenant_id: victims",
    "X-User-ID: mallory",
    "X-Real-IP: 10.0.0.1",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: http",
    "Forwarded: for=10.0.0.1;host=evil.example",
    "X-Error-Code: NONE",
)


def sent(
    front: GatewayProcess, recorder: RecordingUpstream, source: str, path: str, *headers: str
) -> tuple[RawAnswer, list[Recorded]]:
    """The answer to a request with these header lines, and what arrived behind the gateway."""
    with front.raw(source) as connection:
        connection.send("\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode())
        answer = connection.answer()
    request_id = answer.all("x-request-id")
    return answer, [one for one in recorder.requests() if one.all("x-request-id") == request_id]


def bearer(front: GatewayProcess, *subject: str, **claims: str) -> str:
    return f"Authorization: Bearer {front.token(*subject, **claims)}"


def test_forged_headers_are_overwritten(
    front: GatewayProcess, recorder: RecordingUpstream, source: str
) -> None:
    token = bearer(front, "ann", tenant="acme")
    answer, (request,) = sent(front, recorder, source, DETECT, *FORGED[:7], token, *FORGED[7:])
    assert answer.status == 200
    assert [request.all(name) for name in IDENTITY] == [["ann"], ["viewer"], ["acme"]]
    assert request.all("x-real-ip") == [source]
    assert request.all("x-forwarded-host") == ["localhost"]
    assert request.all("x-forwarded-proto") == ["https"]
    assert not request.all("forwarded")
    assert not [name for name, _ in request.headers if "_" in name]
    assert "mallory" not in str(request.headers)
    assert [f"authorization: {value}" for value in request.all("authorization")] == [
        token.replace("Authorization", "authorization")
    ]


def test_forged_headers_go_nowhere_on_paths_without_a_token(
    front: GatewayProcess, recorder: RecordingUpstream, source: str
) -> None:
    answer, (request,) = sent(front, recorder, source, "/api/v1/face-detection/health", *FORGED)
    assert answer.status == 200
    assert [request.all(name) for name in IDENTITY] == [[], [], []]
    assert not [name for name, _ in request.headers if "_" in name]


def test_forged_headers_do_not_replace_a_token(
    front: GatewayProcess, recorder: RecordingUpstream, source: str
) -> None:
    answer, requests = sent(front, recorder, source, DETECT, *FORGED)
    assert json.loads(answer.body)["error"]["code"] == "MISSING_TOKEN"
    assert not requests


def test_names_that_no_header_can_hold_arrive_escaped(
    front: GatewayProcess, recorder: RecordingUpstream, source: str
) -> None:
    token = bearer(front, 'ann\r\nX-User-Role: admin "é', tenant="a,b")
    answer, (request,) = sent(front, recorder, source, DETECT, token)
    assert answer.status == 200
    assert request.all("x-user-id") == ["ann%0D%0AX-User-Role:%20admin%20%22%C3%A9"]
    assert request.all("x-user-role") == ["viewer"]
    assert request.all("x-tenant-id") == ["a%2Cb"]


@pytest.mark.parametrize("order", [1, -1])
def test_two_different_tokens_are_refused(
    front: GatewayProcess, recorder: RecordingUpstream, source: str, order: int
) -> None:
    pair = [bearer(front, "ann"), bearer(front, "bob", role="admin")][::order]
    answer, requests = sent(front, recorder, source, DETECT, *pair)
    assert answer.status in (400, 401)
    assert json.loads(answer.body)["error"]["code"] in ("INVALID_REQUEST", "INVALID_TOKEN_FORMAT")
    assert not requests


def test_a_client_does_not_say_where_it_is(
    front: GatewayProcess, recorder: RecordingUpstream, source: str
) -> None:
    claim = "X-Forwarded-For: 203.0.113.9"
    answer, (request,) = sent(front, recorder, source, DETECT, bearer(front), claim)
    assert request.all("x-forwarded-for") == [source]
    assert front.log(answer.all("x-request-id")[0])[0]["client"] == source


@pytest.mark.parametrize(
    "chain", ["203.0.113.9", "10.9.9.9, 203.0.113.9", "10.9.9.9, 203.0.113.9, 127.0.0.1"]
)
def test_a_trusted_proxy_does(front: GatewayProcess, recorder: RecordingUpstream, chain: str) -> None:
    """The last entry that is no trusted proxy's counts; what stands before it is the client's word."""
    claim = f"X-Forwarded-For: {chain}"
    answer, (request,) = sent(front, recorder, "127.0.0.1", DETECT, bearer(front), claim)
    assert front.log(answer.all("x-request-id")[0])[0]["client"] == "203.0.113.9"
    assert request.all("x-forwarded-for") == request.all("x-real-ip") == ["203.0.113.9"]
