"""The verifier that NGINX asks about tokens."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from certificates import write_pair
from metering import value_of
from prometheus_client.parser import text_string_to_metric_families
from service_process import free_port

from bentos.common.auth import Principal, TokenVerifier
from bentos.common.errors import FaceSocialError, InvalidToken
from bentos.common.http_errors import body_of
from bentos.common.settings import Settings
from deploy.nginx.certificate import expiry_of
from deploy.nginx.certificate_watch import NAME as CERTIFICATE
from deploy.nginx.token_checks import refusal_of
from deploy.nginx.verifier import create_app

SECRET = "0123456789abcdef" * 4
LIMIT_S = 30
ROOT = Path(__file__).parents[3]

Headers = list[tuple[str, str]]


def token(**claims: Any) -> str:
    return jwt.encode({"sub": "ann", "exp": time.time() + 60, **claims}, SECRET, "HS256")


def bearer(**claims: Any) -> Headers:
    return [("Authorization", f"Bearer {token(**claims)}")]


def client_of(verifier: TokenVerifier) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(verifier))
    return httpx.AsyncClient(transport=transport, base_url="http://verifier")


def digest(name: str) -> str:
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


@pytest.fixture
def verifier() -> TokenVerifier:
    return TokenVerifier(Settings(jwt_secret=SECRET).auth)


@pytest.fixture
async def client(verifier: TokenVerifier) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(verifier) as opened:
        yield opened


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "DELETE", "OPTIONS"])
async def test_a_sound_token_names_the_caller(client: httpx.AsyncClient, method: str) -> None:
    claims = {"sub": "ann@acme.example", "role": "admin", "tenant": "acme/eu+1"}
    answer = await client.request(method, "/verify", headers=bearer(**claims), content=b"ignored")
    assert answer.status_code == 204
    assert dict(answer.headers) == {
        "x-user-id": "ann@acme.example",
        "x-user-role": "admin",
        "x-tenant-id": "acme/eu+1",
    }


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("ann\r\nX-User-Role: admin", "ann%0D%0AX-User-Role:%20admin"),
        ('ann" $host; \\', "ann%22%20%24host%3B%20%5C"),
        ("Änn\x00\x7f", "%C3%84nn%00%7F"),
        ("\ud800", "%5Cud800"),
        ("100%", "100%25"),
        ("x" * 256, "x" * 256),
        ("x" * 257, digest("x" * 257)),
        ("é" * 43, digest("é" * 43)),
    ],
)
async def test_no_name_leaves_its_header(client: httpx.AsyncClient, name: str, sent: str) -> None:
    answer = await client.get("/verify", headers=bearer(sub=name, tenant=name))
    assert answer.status_code == 204
    assert answer.headers["x-user-role"] == "viewer"
    assert answer.headers["x-user-id"] == answer.headers["x-tenant-id"] == sent


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ([], 401, "MISSING_TOKEN"),
        ([("Authorization", "")], 401, "MISSING_TOKEN"),
        ([("Authorization", "Basic YTpi")], 401, "INVALID_TOKEN_FORMAT"),
        ([("Authorization", b"Bearer \xff\xfe")], 401, "INVALID_TOKEN_FORMAT"),
        ([*bearer(exp=4e9), ("authorization", "Bearer a.b.c")], 401, "INVALID_TOKEN_FORMAT"),
        (bearer(exp=1), 401, "INVALID_TOKEN"),
        (
            [("Authorization", f"Bearer {jwt.encode({'sub': 'ann', 'exp': 4e9}, '', 'none')}")],
            401,
            "INVALID_TOKEN",
        ),
        ([("Authorization", f"Bearer {'A' * 60_000}.b.c")], 401, "INVALID_TOKEN"),
        (bearer(role="king", exp=4e9), 403, "FORBIDDEN"),
    ],
)
async def test_a_refusal_says_what_a_service_says(
    client: httpx.AsyncClient, verifier: TokenVerifier, headers: Headers, status: int, code: str
) -> None:
    answer = await client.get("/verify", headers=headers)
    assert (answer.status_code, answer.headers["x-error-code"]) == (status, code)
    assert answer.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)
    assert answer.content == b""
    assert not {"x-user-id", "x-user-role", "x-tenant-id"} & set(answer.headers)
    if len(headers) < 2:
        with pytest.raises(FaceSocialError) as refused:
            verifier.verify(answer.request.headers.get("authorization"))
        said = json.loads(f'"{answer.headers["x-error-message"]}"')
        assert said == body_of(refused.value).message


async def test_the_same_header_twice_is_one(client: httpx.AsyncClient) -> None:
    answer = await client.get("/verify", headers=bearer() * 2)
    assert answer.status_code == 204


async def test_a_message_is_ascii_whatever_the_token_says(client: httpx.AsyncClient) -> None:
    text = jwt.encode({"sub": "ann"}, SECRET, headers={"crit": ['"\r\n😀é' * 500]})
    answer = await client.get("/verify", headers={"Authorization": f"Bearer {text}"})
    assert answer.headers["x-error-code"] == "INVALID_TOKEN"
    message = answer.headers["x-error-message"]
    assert message.isascii()
    assert message.isprintable()
    assert '"\r\n😀é' in json.loads(f'"{message}"')


def test_a_message_fits_into_what_nginx_reads_of_headers() -> None:
    _, headers, _ = refusal_of(InvalidToken("😀" * 5_000))
    assert 0 < len(headers["x-error-message"]) <= 3600
    assert set(json.loads(f'"{headers["x-error-message"]}"')) == {"😀"}


async def test_keys_that_cannot_be_had_are_no_fault_of_the_token() -> None:
    address = f"http://127.0.0.1:{free_port()}/jwks.json"
    async with client_of(TokenVerifier(Settings(jwt_algorithm="RS256", jwt_jwks=address).auth)) as client:
        answer = await client.get("/verify", headers=bearer())
    assert (answer.status_code, answer.headers["retry-after"]) == (403, "5")
    assert answer.headers["x-error-code"] == "DEPENDENCY_UNAVAILABLE"
    assert address in answer.headers["x-error-message"]


class Broken(TokenVerifier):
    """Fails as nobody foresaw."""

    def verify(self, header: str | None) -> Principal:
        raise ZeroDivisionError(header)


async def test_what_nobody_foresaw_lets_nobody_in(caplog: pytest.LogCaptureFixture) -> None:
    async with client_of(Broken(Settings(jwt_secret=SECRET).auth)) as client:
        answer = await client.get("/verify", headers=bearer())
        assert (answer.status_code, answer.content) == (500, b"")
        assert counted((await client.get("/metrics")).text) == {"internal_error": 1}
    assert "ZeroDivisionError" in caplog.text


def counted(text: str) -> dict[str, float]:
    return {
        sample.labels["outcome"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "gateway_token_checks_total"
    }


async def test_metrics_tell_the_outcomes(client: httpx.AsyncClient) -> None:
    for headers in (bearer(), bearer(), bearer(role="king"), [], bearer(exp=1)):
        await client.get("/verify", headers=headers)
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert counted(answer.text) == {"accepted": 2, "forbidden": 1, "missing_token": 1, "invalid_token": 1}
    assert "gateway_token_check_duration_seconds_count 5.0" in answer.text
    assert "process_resident_memory_bytes" in answer.text


async def test_metrics_tell_of_a_certificate_only_where_one_is_named(
    client: httpx.AsyncClient, verifier: TokenVerifier, tmp_path: Path
) -> None:
    assert CERTIFICATE not in (await client.get("/metrics")).text
    certificate, _ = write_pair(tmp_path, "gateway")
    transport = httpx.ASGITransport(create_app(verifier, certificate))
    async with httpx.AsyncClient(transport=transport, base_url="http://verifier") as watched:
        assert f"{CERTIFICATE} " in (await watched.get("/metrics")).text
        certificate.unlink()
        answer = await watched.get("/metrics")
        assert answer.status_code == 200
        assert CERTIFICATE not in answer.text
        assert "gateway_token_checks" in answer.text


@pytest.mark.parametrize("named", ["by its argument", "by the gateway's setting"])
def test_a_process_is_told_of_its_certificate(tmp_path: Path, named: str) -> None:
    certificate, _ = write_pair(tmp_path, "gateway", days=50)
    port, settings = free_port(), {"FACESOCIAL_JWT_SECRET": SECRET}
    given: tuple[str, ...] = ()
    if named == "by its argument":
        given = ("--certificate", str(certificate))
        settings["FACESOCIAL_GATEWAY_CERTIFICATE"] = "/nowhere.pem"
    else:
        settings["FACESOCIAL_GATEWAY_CERTIFICATE"] = str(certificate)
    process = start(port, *given, **settings)
    try:
        text = httpx.get(f"{wait_for(process, f'http://127.0.0.1:{port}')}/metrics").text
    finally:
        process.kill()
        process.communicate(timeout=LIMIT_S)
    assert value_of(text, CERTIFICATE) == expiry_of(certificate).timestamp()


async def test_health_and_nothing_else(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    for method, path in (("GET", "/"), ("GET", "/verify/"), ("GET", "//verify"), ("POST", "/metrics")):
        assert (await client.request(method, path)).status_code == 404


def test_it_stays_light() -> None:
    heavy = {"numpy", "cv2", "bentoml", "sqlalchemy", "fastapi", "onnxruntime", "PIL"}
    script = "import sys, deploy.nginx.verifier; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=True
    )
    assert "uvicorn" in done.stdout.split()
    assert not heavy & set(done.stdout.split())


def start(port: int, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if "FACESOCIAL" not in name}
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.nginx.verifier", "--port", str(port), *arguments],
        cwd=ROOT,
        env=environment | settings,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def running() -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    process = start(port, FACESOCIAL_JWT_SECRET=SECRET)
    try:
        yield process, wait_for(process, f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.communicate(timeout=LIMIT_S)


def wait_for(process: subprocess.Popen[str], url: str) -> str:
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end and process.poll() is None:
        try:
            httpx.get(f"{url}/health").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return url
    pytest.fail("the verifier does not start")


def test_a_process_of_its_own_answers_and_ends_when_told(
    running: tuple[subprocess.Popen[str], str],
) -> None:
    process, url = running
    with httpx.Client(base_url=url) as client:
        for _ in range(3):  # on one connection, with a body that nobody reads
            accepted = client.post("/verify", headers=bearer(sub="Ä\r\n"), content=b"x" * 500_000)
            assert (accepted.status_code, accepted.headers["x-user-id"]) == (204, "%C3%84%0D%0A")
            assert not {"server", "date", "content-length"} & set(accepted.headers)
        refused = client.get("/verify", headers={"Authorization": "Bearer a.b.c"})
        assert (refused.status_code, refused.headers["x-error-code"]) == (401, "INVALID_TOKEN")
        assert counted(client.get("/metrics").text) == {"accepted": 3, "invalid_token": 1}
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert "Application shutdown complete" in said


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "No token secret"),
        ({"FACESOCIAL_JWT_SECRET": "hush"}, "shorter than 32 bytes"),
        ({"FACESOCIAL_JWT_JWKS": "https://keys.example/jwks.json"}, "never fetched"),
        ({"FACESOCIAL_JWT_ALGORITHM": "RS256", "FACESOCIAL_JWT_JWKS": "/nowhere.json"}, "cannot be used"),
        ({"FACESOCIAL_JWT_ALGORITHM": "none"}, "jwt_algorithm"),
    ],
)
def test_a_wrong_setting_is_one_sentence(settings: dict[str, str], message: str) -> None:
    process = start(free_port(), **settings)
    _, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    assert message in said
    assert len(said.splitlines()) == 1
    assert "hush" not in said
