"""Requests that are none: with two ends, beyond all measure, or not of HTTP at all."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from gateway_process import GatewayProcess
from integration.raw_requests import assert_contract, sent_raw
from recording_upstream import RecordingUpstream

API = "/api/v1/face-detection"
SMUGGLED = b"0\r\n\r\nGET /api/v1/face-detection/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
SMUGGLING = {
    "both lengths": ("Content-Length: 6", "Transfer-Encoding: chunked"),
    "two lengths": ("Content-Length: 0", f"Content-Length: {len(SMUGGLED)}"),
    "a length with a sign": (f"Content-Length: +{len(SMUGGLED)}",),
    "a hidden coding": ("Content-Length: 6", "Transfer-Encoding: xchunked"),
    "two codings": ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
    "a coding twice": ("Transfer-Encoding: chunked, chunked",),
    "a space before the colon": ("Content-Length : 6",),
    "a folded header": ("X-A: b", " Transfer-Encoding: chunked"),
}


@pytest.mark.parametrize("case", SMUGGLING)
def test_a_request_with_two_ends_is_none(
    front: GatewayProcess, recorder: RecordingUpstream, source: str, case: str
) -> None:
    request = f"POST {API}/detect?{source} HTTP/1.1"
    answer = sent_raw(front, source, request, *SMUGGLING[case], body=SMUGGLED)
    if answer is not None:
        assert_contract(answer, 400, 501)
    assert not recorder.requests(f"?{source}")
    assert not recorder.requests("smuggled")


@pytest.mark.parametrize(
    "request_line",
    ["GET", "GET  HTTP/1.1", f"G@T {API}/detect HTTP/1.1", f"GET {API}/de tect HTTP/1.1", "GET / HTTP/1.1x"],
)
def test_a_malformed_request_line(front: GatewayProcess, source: str, request_line: str) -> None:
    answer = sent_raw(front, source, request_line)
    if answer is not None:
        assert_contract(answer, 400)


@pytest.mark.parametrize("headers", [("X-Long: " + "a" * 17_000,), ("X-Many: " + "a" * 8_000,) * 10])
def test_headers_beyond_all_measure(front: GatewayProcess, source: str, headers: Sequence[str]) -> None:
    assert_contract(sent_raw(front, source, f"GET {API}/detect HTTP/1.1", *headers), 400)


def test_headers_of_8_kb_are_still_read(front: GatewayProcess, source: str) -> None:
    answer = sent_raw(front, source, f"GET {API}/detect HTTP/1.1", "X-Long: " + "a" * 9_000)
    assert answer is not None
    assert answer.status == 200


def test_an_address_beyond_all_measure(front: GatewayProcess, source: str) -> None:
    assert_contract(sent_raw(front, source, f"GET {API}/detect?{'a' * 17_000} HTTP/1.1"), 414)


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_methods_that_echo_or_tunnel(front: GatewayProcess, source: str, method: str) -> None:
    assert_contract(sent_raw(front, source, f"{method} {API}/detect HTTP/1.1"), 400, 405)
