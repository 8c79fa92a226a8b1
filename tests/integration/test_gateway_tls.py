"""What speaks to the gateway: versions of TLS and HTTP, plain HTTP, and headers of security on every answer."""

from __future__ import annotations

import json
import ssl

import pytest
from gateway_process import GatewayProcess
from raw_http import RawAnswer, RawConnection

DETECT = "/api/v1/face-detection/detect"
SECURITY = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NO_SETTINGS = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
END_HEADERS_AND_STREAM = 0x5


def asking_for(gateway: GatewayProcess, version: ssl.TLSVersion) -> ssl.SSLContext:
    """A client that offers this version alone, however old."""
    context = gateway.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    return context


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_are_refused(front: GatewayProcess, version: ssl.TLSVersion) -> None:
    with pytest.raises(ssl.SSLError, match=r"PROTOCOL_VERSION|protocol version"):
        RawConnection(front.port, asking_for(front, version))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_current_versions_are_accepted(front: GatewayProcess, version: ssl.TLSVersion) -> None:
    with RawConnection(front.port, asking_for(front, version)) as connection:
        request = f"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: by-{version.name}\r\n\r\n"
        connection.send(request.encode())
        assert connection.answer().status == 200
    assert front.log(f"by-{version.name}")[0]["tls"] == version.name.replace("_", ".")


@pytest.mark.parametrize("cipher", ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "NULL"])
def test_weak_ciphers_are_refused(front: GatewayProcess, cipher: str) -> None:
    """Without forward secrecy, with CBC, without encryption."""
    context = asking_for(front, ssl.TLSVersion.TLSv1_2)
    context.set_ciphers(f"{cipher}:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match=r"(?i)handshake.failure"):
        RawConnection(front.port, context)


def literal(text: str) -> bytes:
    return bytes((len(text),)) + text.encode()


def http2_request(path: str, request_id: str) -> bytes:
    """HEADERS of stream 1 (RFC 9113, 6.2), its fields from the static table of RFC 7541 and literals."""
    block = b"\x82\x87\x04" + literal(path) + b"\x01" + literal("localhost")
    block += b"\x00" + literal("x-request-id") + literal(request_id)
    return len(block).to_bytes(3, "big") + bytes((1, END_HEADERS_AND_STREAM, 0, 0, 0, 1)) + block


def test_http_2_is_chosen_and_spoken(front: GatewayProcess) -> None:
    context = front.context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with RawConnection(front.port, context) as connection:
        assert connection.protocol == "h2"
        connection.send(PREFACE + NO_SETTINGS + http2_request("/health", "by-http-2"))
        received = b""
        while b'"gateway"' not in received:
            piece = connection.receive(4096)
            assert piece, "closed without an answer"
            received += piece
    assert front.log("by-http-2")[0]["protocol"] == "HTTP/2.0"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", "localhost"),
        ("LOCALHOST:80", "localhost"),
        ("evil.example", "localhost"),
        ("evil.example:80", "localhost"),
        ("localhost.evil.example", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_plain_http_leads_to_https_of_a_known_name(front: GatewayProcess, host: str, expected: str) -> None:
    with RawConnection(front.http_port, None) as connection:
        connection.send(f"POST {DETECT}?a=1 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n".encode())
        answer = connection.answer()
    assert answer.status == 308
    assert answer.all("location") == [f"https://{expected}:{front.port}{DETECT}?a=1"]


def test_plain_http_on_the_port_of_https(front: GatewayProcess) -> None:
    with RawConnection(front.port, None) as connection:
        connection.send(b"GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        answer = connection.answer()
    assert answer.status == 308
    assert answer.all("location") == [f"https://localhost:{front.port}/health"]


def asked(front: GatewayProcess, source: str, path: str, headers: dict[str, str]) -> RawAnswer:
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: localhost",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    with front.raw(source) as connection:
        connection.send("\r\n".join([*lines, "", ""]).encode())
        return connection.answer()


def test_every_answer_has_every_header_of_security_once(front: GatewayProcess, source: str) -> None:
    """Also where a service sends one of its own."""
    theirs = {**dict.fromkeys(SECURITY, "theirs"), "x-request-id": "forged", "x-powered-by": "magic"}
    steered = {"X-Answer-Headers": json.dumps(theirs)}
    answers = [
        asked(front, source, "/health", {}),
        asked(front, source, "/nothing", {}),
        asked(front, source, DETECT, {}),
        asked(front, source, DETECT, {**front.headers(), **steered}),
        asked(front, source, DETECT, {**front.headers(), **steered, "X-Answer-Status": "422"}),
        asked(front, source, DETECT, {**front.headers(), **steered, "X-Answer-Status": "503"}),
        asked(front, source, "/api/v1/demographics/health", {}),
        asked(front, source, f"{DETECT}//", front.headers()),
    ]
    assert [answer.status for answer in answers] == [200, 404, 401, 200, 422, 503, 200, 400]
    for answer in answers:
        assert {name: answer.all(name) for name in SECURITY} == {name: [SECURITY[name]] for name in SECURITY}
        assert len(answer.all("x-request-id")) == 1
        assert answer.all("x-request-id") != ["forged"]
        assert answer.all("server") == ["nginx"]
        assert not answer.all("x-powered-by")
