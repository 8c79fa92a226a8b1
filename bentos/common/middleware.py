"""The one middleware: request id, token, body limit, metrics and the envelope of errors.

It is plain ASGI and answers by itself: BentoML rewrites the bodies of 401, 403 and 5xx.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bentos.common.auth import Principal, TokenVerifier
from bentos.common.context import RequestContext, request_id_of, request_id_var
from bentos.common.errors import FaceSocialError, Overloaded, PayloadTooLarge
from bentos.common.http_errors import response_of
from bentos.common.metrics import Metrics

logger = logging.getLogger(__name__)

OPEN_PATHS = frozenset({"/health", "/livez", "/readyz", "/metrics", "/docs.json"})
CONTEXT = "facesocial.context"
UNMATCHED = "unmatched"
REFUSALS_EVERY_S = 5.0
CLOSED_BY_CLIENT = 499  # nginx's status for a caller that went away

Count = Callable[[Principal, str, int], None]
"""Told of each request of a known caller: the caller, the route's template, the answer's status."""


class ContractMiddleware:
    """Makes every answer of ``app`` one of the contract.

    Args:
        max_body_bytes: Of a request's body.
        body_limits: The same for single paths, instead.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        verifier: TokenVerifier,
        metrics: Metrics,
        max_body_bytes: int,
        max_in_flight: int,
        admit: Callable[[], None],
        count: Count | None = None,
        body_limits: Mapping[str, int] | None = None,
    ) -> None:
        self._app = app
        self._verifier = verifier
        self._metrics = metrics
        self._max_body = max_body_bytes
        self._body_limits = body_limits or {}
        self._max_in_flight = max_in_flight
        self._admit = admit
        self._count = count
        self._in_flight = 0
        self._refused = _Refusals()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._require_room(scope["path"])
        except Overloaded as error:
            await self._refuse(error, scope, receive, send)
            return
        headers = Headers(scope=scope)
        context = RequestContext(request_id_of(headers.get("x-request-id")))
        request_id_var.set(context.request_id)
        scope[CONTEXT] = context
        answer = _Answer(send, context.request_id)
        limit = self._body_limits.get(scope["path"], self._max_body)
        limited = _Limited(receive, headers, limit)
        try:
            if scope["path"] in OPEN_PATHS:
                await self._app(scope, limited, answer)
            else:
                context.principal = await self._principal(headers.get("authorization"))
                await self._counted(scope, limited, answer)
        except ClientDisconnect:
            answer.status = CLOSED_BY_CLIENT
        except Exception as error:
            await self._fail(error, scope, receive, answer)
        finally:
            self._record(scope, context, answer)

    def _require_room(self, path: str) -> None:
        if path in OPEN_PATHS:
            return
        self._admit()
        if self._in_flight >= self._max_in_flight:
            raise Overloaded(f"{self._in_flight} requests are being answered already; try again in a moment.")

    async def _refuse(self, refusal: Overloaded, scope: Scope, receive: Receive, send: Send) -> None:
        """Say no before anything is looked at, neither token nor body: what is refused must cost next to nothing."""
        request_id = request_id_of(Headers(scope=scope).get("x-request-id"))
        answer = _Answer(send, request_id)
        await response_of(refusal, request_id)(scope, receive, answer)
        self._metrics.request(scope["method"], UNMATCHED, answer.status, 0.0)
        self._refused.count()

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._in_flight += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._in_flight -= 1

    def _record(self, scope: Scope, context: RequestContext, answer: _Answer) -> None:
        seconds = context.clock.seconds
        path = getattr(scope.get("route"), "path", UNMATCHED)
        self._metrics.request(scope["method"], path, answer.status, seconds)
        if self._count is not None and context.principal is not None and path != UNMATCHED:
            self._count(context.principal, path, answer.status)
        level = logging.DEBUG if scope["path"] in OPEN_PATHS else logging.INFO
        caller = context.principal.subject if context.principal else "-"
        line = "%s %s %d %.1f ms, caller %s"
        logger.log(level, line, scope["method"], path, answer.status, seconds * 1e3, caller)

    async def _principal(self, header: str | None) -> Principal:
        if self._verifier.blocking:
            return await asyncio.to_thread(self._verifier.verify, header)
        return self._verifier.verify(header)

    async def _fail(self, error: Exception, scope: Scope, receive: Receive, answer: _Answer) -> None:
        if not isinstance(error, FaceSocialError):
            logger.exception("request %s failed", answer.request_id, exc_info=error)
        if not answer.started:
            await response_of(error, answer.request_id)(scope, receive, answer)


class _Refusals:
    """Says once in a while how many requests were refused; a line for each would cost more than the refusal."""

    def __init__(self) -> None:
        self._count = 0
        self._said = -math.inf

    def count(self) -> None:
        self._count += 1
        now = time.monotonic()
        if now - self._said >= REFUSALS_EVERY_S:
            logger.warning("overloaded: %d requests refused with 503", self._count)
            self._count, self._said = 0, now


class _Answer:
    """Sends on, with the request id in the headers, and remembers the status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.started = False
        self.status = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            MutableHeaders(scope=message)["X-Request-ID"] = self.request_id
        await self._send(message)


class _Limited:
    """Receives on until the body is larger than allowed, whatever its Content-Length says."""

    def __init__(self, receive: Receive, headers: Headers, limit: int) -> None:
        self._receive = receive
        self._declared = headers.get("content-length", "")
        self._limit = limit
        self._seen = 0

    async def __call__(self) -> Message:
        if self._declared.isdigit() and int(self._declared) > self._limit:
            raise self._too_large(int(self._declared))
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self._seen > self._limit:
            raise self._too_large(self._seen)
        return message

    def _too_large(self, size: int) -> PayloadTooLarge:
        return PayloadTooLarge(
            f"The request body is larger than {self._limit:,} bytes; send less at once.",
            {"limit_bytes": self._limit, "bytes": size},
        )
