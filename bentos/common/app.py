"""The ASGI application of a service: its own routes and those that every service has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from bentos import __version__
from bentos.common import openapi
from bentos.common.answers import success
from bentos.common.auth import Principal, TokenVerifier
from bentos.common.cards import model_cards
from bentos.common.context import RequestContext
from bentos.common.direct import DirectRoutes
from bentos.common.errors import (
    FaceSocialError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    UnsupportedMediaType,
)
from bentos.common.health import HealthMonitor
from bentos.common.http_errors import response_of
from bentos.common.metrics import CONTENT_TYPE, Metrics
from bentos.common.middleware import CONTEXT, ContractMiddleware, Count
from bentos.contracts import Health, ModelCards, Success
from models.catalogue.card import ModelCard

API = "/api/v1"
BEARER = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


@dataclass(frozen=True, slots=True)
class ServiceParts:
    """What the routes of every service need."""

    name: str
    title: str
    cards: Callable[[], tuple[ModelCard, ...]]
    health: HealthMonitor
    metrics: Metrics
    verifier: TokenVerifier
    max_body_bytes: int
    max_in_flight: int
    admit: Callable[[], None]
    count: Count | None = None
    body_limits: Mapping[str, int] = field(default_factory=dict)


def create_app(parts: ServiceParts, routes: APIRouter) -> ASGIApp:
    """The application, wrapped in the contract's middleware."""
    app = FastAPI(
        title=parts.title,
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        exception_handlers={FaceSocialError: _on_error, HTTPException: _on_http, Exception: _on_error},
    )
    app.include_router(routes)
    app.include_router(_common_routes(parts, app))
    return ContractMiddleware(
        DirectRoutes(app, routes),
        verifier=parts.verifier,
        metrics=parts.metrics,
        max_body_bytes=parts.max_body_bytes,
        max_in_flight=parts.max_in_flight,
        admit=parts.admit,
        count=parts.count,
        body_limits=parts.body_limits,
    )


def context_of(request: Request) -> RequestContext:
    """Id, caller and clock of the request."""
    context: RequestContext = request.scope[CONTEXT]
    return context


def principal_of(request: Request) -> Principal:
    """The caller; the middleware lets nobody through to an API route without one."""
    principal = context_of(request).principal
    assert principal is not None
    return principal


def _common_routes(parts: ServiceParts, app: FastAPI) -> APIRouter:
    router = APIRouter()

    @router.get("/health", response_model=Health, tags=["operations"])
    async def health() -> Health:
        return await parts.health.report()

    @router.get("/livez", response_class=PlainTextResponse, tags=["operations"])
    async def livez() -> str:
        return "ok"

    @router.get("/readyz", response_class=PlainTextResponse, tags=["operations"])
    async def readyz() -> str:
        await parts.health.require_ready()
        return "ok"

    @router.get("/metrics", response_class=PlainTextResponse, tags=["operations"])
    def metrics() -> Response:
        return Response(parts.metrics.render(), media_type=CONTENT_TYPE)

    @router.get("/docs.json", include_in_schema=False)
    async def docs() -> dict[str, Any]:
        return _openapi(app)

    @router.get(
        "/api/v1/model",
        responses={200: {"model": Success[ModelCards]}},
        openapi_extra={**openapi.SECURED},
        tags=["operations"],
    )
    async def model(request: Request) -> Response:
        return success(model_cards(parts.cards()), context_of(request), [])

    return router


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
        schema.setdefault("components", {})["securitySchemes"] = {"bearer": BEARER}
        app.openapi_schema = schema
    return app.openapi_schema


async def _on_error(request: Request, error: Exception) -> Response:
    return response_of(error, context_of(request).request_id)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    known: dict[int, FaceSocialError] = {
        404: NotFound(f"There is nothing at {path}; /docs.json lists what there is."),
        405: MethodNotAllowed(f"{path} does not answer {request.method}."),
        415: UnsupportedMediaType(str(error.detail)),
    }
    return response_of(
        known.get(error.status_code, InvalidRequest(str(error.detail))), context_of(request).request_id
    )
