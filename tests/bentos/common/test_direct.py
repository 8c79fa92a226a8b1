"""The short way to an endpoint: the same answers as FastAPI's own way gives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import jwt
import pytest
from fastapi import APIRouter, Depends
from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bentos.common.answers import model_refs
from bentos.common.app import ServiceParts, context_of, create_app, principal_of
from bentos.common.auth import TokenVerifier
from bentos.common.direct import DirectRoutes
from bentos.common.errors import Forbidden
from bentos.common.health import HealthMonitor
from bentos.common.metrics import Metrics
from bentos.common.settings import Settings
from models.catalogue import CATALOGUE

SECRET = "0123456789abcdef" * 4
TOKEN = jwt.encode({"sub": "ann", "exp": 4_102_444_800}, SECRET, "HS256")
ID = "the-same-for-both"
HEADERS = {"Authorization": f"Bearer {TOKEN}", "X-Request-ID": ID}


class Body(BaseModel):
    """What FastAPI has to read by itself."""

    number: int


def doubled(number: int) -> int:
    return 2 * number


async def echo(request: Request) -> Response:
    told = {"body": (await request.body()).decode(), "caller": principal_of(request).subject}
    return JSONResponse(told | {"query": dict(request.query_params), "id": context_of(request).request_id})


async def stream(request: Request) -> Response:
    body = await request.body()

    async def parts() -> AsyncIterator[bytes]:
        for byte in body:
            yield bytes([byte])

    return StreamingResponse(parts(), 202, media_type="text/plain")


async def forbid(request: Request) -> Response:
    raise Forbidden("not yours")


async def fail(request: Request) -> Response:
    raise RuntimeError("the password is swordfish")


async def method(request: Request) -> Response:
    return JSONResponse({"method": request.method})


async def item(request: Request) -> Response:
    return JSONResponse({"name": request.path_params["name"]})


async def query(request: Request, number: int) -> Response:
    return JSONResponse({"number": number})


async def body(request: Request, body: Body) -> Response:
    return JSONResponse({"number": body.number})


async def depends(request: Request, number: Annotated[int, Depends(doubled)]) -> Response:
    return JSONResponse({"number": number})


async def nothing() -> dict[str, int]:
    return {"number": 7}


ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("POST", "/echo", echo),
    ("POST", "/stream", stream),
    ("POST", "/forbid", forbid),
    ("POST", "/break", fail),
    ("GET", "/both", method),
    ("PUT", "/both", method),
    ("GET", "/item/{name}", item),
    ("GET", "/query", query),
    ("POST", "/body", body),
    ("GET", "/depends", depends),
    ("GET", "/nothing", nothing),
)


def routes() -> APIRouter:
    router = APIRouter(prefix="/api/v1")
    for verb, path, endpoint in ROUTES:
        router.add_api_route(path, endpoint, methods=[verb])
    return router


@dataclass(slots=True)
class Application:
    """A service of these routes, and its metrics."""

    app: ASGIApp
    metrics: Metrics

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://test", headers=HEADERS)

    def counts(self) -> dict[tuple[str, str, str], float]:
        """Answered requests by method, route and status."""
        text = self.metrics.render().decode()
        (family,) = (one for one in text_string_to_metric_families(text) if one.name == "http_requests")
        return {
            (one.labels["method"], one.labels["path"], one.labels["status"]): one.value
            for one in family.samples
            if one.name == "http_requests_total"
        }


def application(direct: bool) -> Application:
    """The service as it is, or with every route out of the short way's reach."""
    cards = (CATALOGUE["yunet-n"],)
    metrics = Metrics("test-service")
    parts = ServiceParts(
        name="test-service",
        title="Test",
        cards=lambda: cards,
        health=HealthMonitor("test-service", "1.2.3", lambda: model_refs(cards)),
        metrics=metrics,
        verifier=TokenVerifier(Settings.model_validate({"jwt_secret": SECRET}).auth),
        max_body_bytes=1000,
        max_in_flight=8,
        admit=lambda: None,
    )
    router = routes() if direct else APIRouter(dependencies=[Depends(_nothing)])
    if not direct:
        router.include_router(routes())
    return Application(create_app(parts, router), metrics)


def _nothing() -> None:
    """A dependency: FastAPI alone can see to it."""


class Passed:
    """An application that remembers what came to it and answers 418."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.types: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.types.append(scope["type"])
        if scope["type"] == "http":
            self.paths.append(f"{scope['method']} {scope['path']}")
            await Response(status_code=418)(scope, receive, send)


REQUESTS = [
    ("POST", "/api/v1/echo", {"content": b"abc"}),
    ("POST", "/api/v1/echo?a=1&b=%C3%BC", {"content": b""}),
    ("POST", "/api/v1/echo", {"content": b"x" * 1001}),
    ("POST", "/api/v1/echo", {"content": b"abc", "headers": {"Authorization": "Bearer a.b.c"}}),
    ("POST", "/api/v1/stream", {"content": b"a stream"}),
    ("POST", "/api/v1/forbid", {}),
    ("POST", "/api/v1/break", {}),
    ("GET", "/api/v1/both", {}),
    ("PUT", "/api/v1/both", {}),
    ("POST", "/api/v1/both", {}),
    ("HEAD", "/api/v1/both", {}),
    ("OPTIONS", "/api/v1/echo", {}),
    ("GET", "/api/v1/echo", {}),
    ("POST", "/api/v1/echo/", {}),
    ("POST", "/api/v1/Echo", {}),
    ("POST", "/api/v1/%65cho", {"content": b"abc"}),
    ("GET", "/api/v1/unknown", {}),
    ("GET", "/api/v1/item/ann", {}),
    ("GET", "/api/v1/item/{name}", {}),
    ("GET", "/api/v1/query?number=5", {}),
    ("GET", "/api/v1/query?number=five", {}),
    ("POST", "/api/v1/body", {"json": {"number": 5}}),
    ("GET", "/api/v1/depends?number=4", {}),
    ("GET", "/api/v1/nothing", {}),
    ("GET", "/api/v1/model", {}),
]


@pytest.mark.parametrize(("method", "path", "content"), REQUESTS)
async def test_the_short_way_answers_and_counts_as_the_long_one(
    method: str, path: str, content: dict[str, Any]
) -> None:
    short, long = application(direct=True), application(direct=False)
    answers = []
    for one in (short, long):
        async with one.client() as client:
            answers.append(await client.request(method, path, **content))
    first, second = answers
    assert first.status_code == second.status_code
    assert headers_of(first) == headers_of(second)
    assert comparable(first) == comparable(second)
    assert short.counts() == long.counts()


def headers_of(answer: httpx.Response) -> dict[str, str]:
    """All but the length, which changes with the digits of the time that it took."""
    return {name: value for name, value in answer.headers.items() if name != "content-length"}


def comparable(answer: httpx.Response) -> object:
    """The body without the time that it took."""
    if "json" not in answer.headers.get("content-type", "") or not answer.content:
        return answer.content
    body = answer.json()
    if isinstance(body, dict) and "meta" in body:
        body["meta"].pop("timings_ms", None)
    return body


async def test_an_answer_by_the_short_way() -> None:
    service = application(direct=True)
    async with service.client() as client:
        answer = await client.post("/api/v1/echo?a=1", content=b"abc")
    assert answer.json() == {"body": "abc", "caller": "ann", "query": {"a": "1"}, "id": ID}
    assert answer.headers["x-request-id"] == ID


async def test_metrics_name_the_route() -> None:
    service = application(direct=True)
    async with service.client() as client:
        await client.post("/api/v1/echo?secret=1", content=b"abc")
        await client.post("/api/v1/echo", content=b"abc")
        await client.post("/api/v1/forbid")
        await client.post("/api/v1/break")
        await client.get("/api/v1/item/ann")
        await client.get("/api/v1/elsewhere")
    assert service.counts() == {
        ("POST", "/api/v1/echo", "200"): 2.0,
        ("POST", "/api/v1/forbid", "403"): 1.0,
        ("POST", "/api/v1/break", "500"): 1.0,
        ("GET", "/api/v1/item/{name}", "200"): 1.0,
        ("GET", "unmatched", "404"): 1.0,
    }


async def test_unknown_paths_and_wrong_methods_are_answered_in_the_envelope() -> None:
    async with application(direct=True).client() as client:
        missing, wrong = await client.post("/api/v1/unknown"), await client.get("/api/v1/echo")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "INVALID_REQUEST")
    for answer in (missing, wrong):
        assert answer.json()["meta"]["request_id"] == ID


@pytest.mark.parametrize(
    ("request_line", "taken"),
    [
        ("POST /api/v1/stream", True),
        ("GET /api/v1/both", True),
        ("PUT /api/v1/both", True),
        ("GET /api/v1/echo", False),
        ("DELETE /api/v1/both", False),
        ("POST /api/v1/echo/", False),
        ("POST /echo", False),
        ("GET /api/v1/item/ann", False),
        ("GET /api/v1/item/{name}", False),
        ("GET /api/v1/query", False),
        ("POST /api/v1/body", False),
        ("GET /api/v1/depends", False),
        ("GET /api/v1/nothing", False),
    ],
)
async def test_only_exact_paths_whose_endpoint_takes_the_request_alone_are_taken(
    request_line: str, taken: bool
) -> None:
    behind = Passed()
    method, _, path = request_line.partition(" ")
    transport = httpx.ASGITransport(DirectRoutes(behind, routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.request(method, path)
    assert (answer.status_code == 418, behind.paths) == ((False, []) if taken else (True, [request_line]))


async def test_what_is_no_request_goes_on() -> None:
    behind = Passed()

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    direct = DirectRoutes(behind, routes())
    await direct({"type": "lifespan"}, receive, send)
    await direct({"type": "websocket", "path": "/api/v1/echo"}, receive, send)
    assert behind.types == ["lifespan", "websocket"]
