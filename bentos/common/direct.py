"""The shortest way from a path to its endpoint."""

from __future__ import annotations

from inspect import signature

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send


class DirectRoutes:
    """Hands a request for an exact path to its endpoint; whatever else comes goes to ``app``.

    A service's endpoints take the request and return the response, so that FastAPI's injection, its middlewares
    and its router have nothing to do on them, and cost a third of all Python that a request runs. FastAPI keeps
    describing them in OpenAPI, and answers for paths and methods that there are not.

    Args:
        app: The application with the same routes.
        routes: Those whose endpoints take ``request`` alone, and raise the project's own errors alone, are served
            here.
    """

    def __init__(self, app: ASGIApp, routes: APIRouter) -> None:
        self._app = app
        self._routes = {
            (method, route.path): route
            for route in routes.routes
            if isinstance(route, APIRoute) and not route.param_convertors and _is_plain(route)
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        response = await route.endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


def _is_plain(route: APIRoute) -> bool:
    return list(signature(route.endpoint).parameters) == ["request"] and not route.dependant.dependencies
