"""The middleware alone: ids, tokens, limits, metrics and the envelope, around an application that misbehaves."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest
from fastapi import APIRouter
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request
from starlette.responses import JSONResponse

from bentos.common.answers import model_refs
from bentos.common.app import ServiceParts, create_app
from bentos.common.auth import TokenVerifier
from bentos.common.errors import Forbidden, RateLimited
from bentos.common.health import HealthMonitor
from bentos.common.metrics import Metrics
from bentos.common.settings import Settings
from models.catalogue import CATALOGUE
from models.errors import Overloaded

SECRET = "0123456789abcdef" * 4
TOKEN = jwt.encode({"sub": "ann", "exp": 4_102_444_800}, SECRET, "HS256")
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
LIMIT = 1000


def routes(gate: asyncio.Event) -> APIRouter:
    router = APIRouter(prefix="/api/v1")

    @router.post("/echo/{name}")
    async def echo(name: str, request: Request) -> JSONResponse:
        return JSONResponse({"bytes": len(await request.body())})

    @router.post("/direct")
    async def direct(request: Request) -> JSONResponse:
        return JSONResponse({"bytes": len(await request.body())})

    @router.post("/direct-break")
    async def direct_break(request: Request) -> JSONResponse:
        raise RuntimeError("the password is swordfish")

    @router.post("/wait")
    async def wait() -> JSONResponse:
        await gate.wait()
        return JSONResponse({})

    @router.post("/break")
    async def fail() -> None:
        raise RuntimeError("the password is swordfish")

    @router.post("/forbid")
    async def forbid() -> None:
        raise Forbidden("not yours")

    @router.post("/limit")
    async def limit() -> None:
        raise RateLimited("too many", retry_after_s=9)

    return router


class Setup:
    def __init__(self) -> None:
        cards = (CATALOGUE["yunet-n"],)
        self.metrics = Metrics("test-service")
        self.gate = asyncio.Event()
        self.health = HealthMonitor("test-service", "1.2.3", lambda: model_refs(cards))
        parts = ServiceParts(
            name="test-service",
            title="Test",
            cards=lambda: cards,
            health=self.health,
            metrics=self.metrics,
            verifier=TokenVerifier(Settings(jwt_secret=SECRET).auth),
            max_body_bytes=LIMIT,
            max_in_flight=2,
            admit=self._admit,
            body_limits={"/api/v1/direct": 3 * LIMIT, "/api/v1/echo/small": 10},
        )
        self.app = create_app(parts, routes(self.gate))
        self.refusal: Overloaded | None = None

    def _admit(self) -> None:
        if self.refusal:
            raise self.refusal

    def client(self, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        sent = HEADERS if headers is None else headers
        return httpx.AsyncClient(transport=transport, base_url="http://test", headers=sent)


@pytest.fixture
def setup() -> Setup:
    return Setup()


async def never() -> AsyncIterator[bytes]:
    """A body that nobody may read."""
    raise AssertionError("the body was read")
    yield b""


def counts_of(setup: Setup) -> list[tuple[dict[str, str], float]]:
    """Labels and number of the requests that were counted."""
    text = setup.metrics.render().decode()
    (family,) = (one for one in text_string_to_metric_families(text) if one.name == "http_requests")
    return [(one.labels, one.value) for one in family.samples if one.name == "http_requests_total"]


def error_of(answer: httpx.Response) -> dict[str, Any]:
    body = answer.json()
    assert body["success"] is False
    assert body["meta"]["request_id"] == answer.headers["x-request-id"]
    found: dict[str, Any] = body["error"]
    return found


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/echo/a",
        "/api/v1/direct",
        "/api/v1/break",
        "/api/v1/direct-break",
        "/api/v1/forbid",
        "/health",
    ],
)
async def test_a_callers_id_comes_back(setup: Setup, path: str) -> None:
    async with setup.client() as client:
        answer = await client.request(
            "GET" if path == "/health" else "POST", path, headers={"X-Request-ID": "a.b-1:c"}
        )
    assert answer.headers["x-request-id"] == "a.b-1:c"


@pytest.mark.parametrize("sent", ["", "with space", "x" * 129, "line\tbreak", '"quoted"', "ü"])
async def test_an_id_that_is_no_plain_token_is_replaced(setup: Setup, sent: str) -> None:
    async with setup.client() as client:
        answer = await client.get("/health", headers={"X-Request-ID": sent.encode("latin-1")})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "MISSING_TOKEN"),
        ({"Authorization": "Bearer x"}, "INVALID_TOKEN_FORMAT"),
        ({"Authorization": "Bearer a.b.c"}, "INVALID_TOKEN"),
    ],
)
async def test_no_body_is_read_without_a_token(setup: Setup, headers: dict[str, str], code: str) -> None:
    async with setup.client(headers) as client:
        answer = await client.post("/api/v1/echo/a", content=never())
    assert (answer.status_code, error_of(answer)["code"]) == (401, code)
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_health_needs_no_token(setup: Setup) -> None:
    async with setup.client({}) as client:
        assert (await client.get("/health")).status_code == 200


@pytest.mark.parametrize(
    ("path", "limit"), [("echo/a", LIMIT), ("direct", 3 * LIMIT), ("echo/small", 10), ("echo/smaller", LIMIT)]
)
@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_limit(setup: Setup, declared: bool, path: str, limit: int) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(limit // 10):
            yield b"x" * 10
        yield b"x"

    async with setup.client() as client:
        answer = await client.post(f"/api/v1/{path}", content=b"x" * (limit + 1) if declared else parts())
        fitting = await client.post(f"/api/v1/{path}", content=b"x" * limit)
    assert (answer.status_code, error_of(answer)["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert error_of(answer)["details"]["limit_bytes"] == limit
    assert fitting.json() == {"bytes": limit}


@pytest.mark.parametrize("path", ["break", "direct-break"])
async def test_what_breaks_inside_stays_inside(
    setup: Setup, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with setup.client() as client:
        answer = await client.post(f"/api/v1/{path}")
    assert (answer.status_code, error_of(answer)["code"]) == (500, "INTERNAL_ERROR")
    assert "swordfish" not in answer.text


async def test_errors_of_the_tree_are_answered_as_mapped(setup: Setup) -> None:
    async with setup.client() as client:
        forbidden, limited = await client.post("/api/v1/forbid"), await client.post("/api/v1/limit")
    assert (forbidden.status_code, error_of(forbidden)["code"]) == (403, "FORBIDDEN")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "9")


async def test_beyond_the_bound_requests_are_refused_at_once(setup: Setup) -> None:
    async with setup.client() as client:
        waiting = [asyncio.create_task(client.post("/api/v1/wait")) for _ in range(2)]
        for _ in range(100):  # turns of the loop, until both have arrived
            await asyncio.sleep(0)
        refused = await client.post("/api/v1/wait")
        healthy = await client.get("/health")
        setup.gate.set()
        served = await asyncio.gather(*waiting)
        after = await client.post("/api/v1/wait")
    assert (refused.status_code, error_of(refused)["code"]) == (503, "OVERLOADED")
    assert int(refused.headers["retry-after"]) >= 1
    assert [answer.status_code for answer in served] == [200, 200]
    assert (healthy.status_code, after.status_code) == (200, 200)


async def test_who_would_wait_too_long_is_refused_unread_and_let_in_afterwards(setup: Setup) -> None:
    setup.refusal = Overloaded("A request would wait about 12 s.", retry_after_s=12)
    async with setup.client() as client:
        refused = await client.post("/api/v1/echo/a", content=never(), headers={"X-Request-ID": "mine"})
        direct = await client.post("/api/v1/direct")
        open_paths = [await client.get(path) for path in ("/health", "/livez", "/metrics", "/docs.json")]
        setup.refusal = None
        after = await client.post("/api/v1/echo/a", content=b"xyz")
    for answer in (refused, direct):
        assert (answer.status_code, error_of(answer)["code"]) == (503, "OVERLOADED")
        assert answer.headers["retry-after"] == "12"
        assert error_of(answer)["details"] == {"retry_after_s": 12}
    assert refused.headers["x-request-id"] == "mine"
    assert [answer.status_code for answer in open_paths] == [200] * 4
    assert (after.status_code, after.json()) == (200, {"bytes": 3})


async def test_what_is_refused_counts(setup: Setup) -> None:
    setup.refusal = Overloaded("Too many.")
    async with setup.client() as client:
        for _ in range(3):
            await client.post("/api/v1/echo/ann")
        setup.refusal = None
        for _ in range(2):
            await client.post("/api/v1/echo/ann")
    by_status: dict[str, float] = {}
    for labels, value in counts_of(setup):
        by_status[labels["status"]] = by_status.get(labels["status"], 0.0) + value
    assert by_status == {"503": 3.0, "200": 2.0}


async def test_a_refused_request_holds_no_place(setup: Setup) -> None:
    async with setup.client() as client:
        setup.refusal = Overloaded("Too many.")
        for _ in range(5):
            await client.post("/api/v1/wait")
        setup.refusal = None
        setup.gate.set()
        served = await asyncio.gather(*(client.post("/api/v1/wait") for _ in range(2)))
    assert [answer.status_code for answer in served] == [200, 200]


async def test_a_failed_request_gives_its_place_back(setup: Setup) -> None:
    async with setup.client() as client:
        for path in ("break", "forbid", "direct-break") * 2:
            await client.post(f"/api/v1/{path}")
        assert (await client.post("/api/v1/echo/a")).status_code == 200


async def test_refusals_are_logged_once_in_a_while(setup: Setup, caplog: pytest.LogCaptureFixture) -> None:
    setup.refusal = Overloaded("Too many.")
    async with setup.client() as client:
        for _ in range(20):
            await client.post("/api/v1/echo/a")
    lines = [record for record in caplog.records if "503" in record.getMessage()]
    assert len(lines) == 1
    assert lines[0].levelname == "WARNING"


async def test_metrics_name_the_route_and_never_the_path(setup: Setup) -> None:
    async with setup.client() as client:
        for name in ("ann", "bob"):
            await client.post(f"/api/v1/echo/{name}")
        await client.get("/api/v1/nothing/here")
    text = setup.metrics.render().decode()
    assert "ann" not in text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    counts = {tuple(sorted(labels.items())): value for labels, value in counts_of(setup)}
    echo = {"service": "test-service", "method": "POST", "path": "/api/v1/echo/{name}", "status": "200"}
    lost = {"service": "test-service", "method": "GET", "path": "unmatched", "status": "404"}
    assert counts == {tuple(sorted(echo.items())): 2.0, tuple(sorted(lost.items())): 1.0}
    durations = families["http_request_duration_seconds"]
    assert durations.type == "histogram"
    assert {"service", "method", "path", "le"} == durations.samples[0].labels.keys()


async def test_what_every_service_says_about_itself(setup: Setup) -> None:
    async def nothing() -> None:
        """The models are warm at once."""

    async with setup.client() as client:
        early = await client.get("/readyz")
        starting = (await client.get("/health")).json()
        await setup.health.warm_up(nothing)
        ready, live = await client.get("/readyz"), await client.get("/livez")
        health = (await client.get("/health")).json()
        card = (await client.get("/api/v1/model")).json()["data"]
        missing, wrong = await client.get("/api/v1/nothing"), await client.get("/api/v1/wait")
        document = (await client.get("/docs.json")).json()
    assert (early.status_code, error_of(early)["code"]) == (503, "DEPENDENCY_UNAVAILABLE")
    assert early.headers["retry-after"]
    assert (starting["status"], health["status"]) == ("starting", "ok")
    assert health["service"] == "test-service"
    assert health["version"] == "1.2.3"
    assert (ready.status_code, live.status_code) == (200, 200)
    assert card["digest"] == CATALOGUE["yunet-n"].sha256
    assert (missing.status_code, error_of(missing)["code"]) == (404, "NOT_FOUND")
    assert (wrong.status_code, error_of(wrong)["code"]) == (405, "INVALID_REQUEST")
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
