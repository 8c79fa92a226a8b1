"""What administrators read of their tenant's chain; that they read is an event of it as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from bentos.common import openapi
from bentos.common.answers import success
from bentos.common.app import context_of, principal_of
from bentos.common.audit.chain import export_pages, page_of
from bentos.common.audit.tables import AuditEvent
from bentos.common.audit.trail import Deed, append, head_of
from bentos.common.auth import Principal, Role
from bentos.common.cursors import Cursors
from bentos.common.database import Database
from bentos.common.requests import options_of_query
from bentos.common.tenants import require_name
from bentos.common.workers import Workers
from bentos.contracts import AuditEventInfo, AuditPage, PageOptions, Success

CHUNK_BYTES = 64 * 1024
EXPORT: Mapping[int | str, dict[str, Any]] = {
    200: {"content": {openapi.NDJSON: {}}, "description": "A line for each event, and one for the end"}
}


def add_audit_routes(
    router: APIRouter, workers: Workers, database: Database, cursors: Callable[[], Cursors]
) -> None:
    """``GET /audit`` and ``GET /audit/export``, for administrators; cursors are asked for once the database is up."""
    reader = AuditReader(database, cursors)

    @router.get(
        "/audit",
        summary="What was done in the tenant, newest last",
        responses=openapi.responses(Success[AuditPage]),
        openapi_extra={**openapi.query(PageOptions), **openapi.SECURED},
    )
    async def audit(request: Request) -> Response:
        principal, context = _administrator(request), context_of(request)
        options = options_of_query(request, PageOptions)
        page = await workers.run(reader.page, principal, context.request_id, options)
        return success(page, context, [])

    @router.get(
        "/audit/export",
        summary="All that was done in the tenant, to be kept and judged elsewhere",
        responses={**EXPORT, **openapi.failures()},
        openapi_extra={**openapi.SECURED},
        response_class=StreamingResponse,
    )
    async def audit_export(request: Request) -> Response:
        principal, context = _administrator(request), context_of(request)
        until = await workers.run(reader.begin_export, principal, context.request_id)
        headers = {"Content-Disposition": 'attachment; filename="audit.ndjson"', "Cache-Control": "no-store"}
        return StreamingResponse(
            reader.export(principal.tenant, until), headers=headers, media_type=openapi.NDJSON
        )


class AuditReader:
    """Reads a tenant's chain for an administrator."""

    def __init__(self, database: Database, cursors: Callable[[], Cursors]) -> None:
        self._database = database
        self._cursors = cursors

    def page(self, principal: Principal, request_id: str, options: PageOptions) -> AuditPage:
        """The next events, up to where the chain ended when the first page was read: reading makes it longer.

        Raises:
            InvalidRequest: The cursor is not one of this listing.
        """
        scope = (principal.tenant, "audit")
        cursors = self._cursors()
        position = cursors.read(scope, options.cursor) if options.cursor else (0,)
        with self._database.write() as session:
            after, until = int(position[0]), int((*position, head_of(session, principal.tenant)[0])[1])
            events = page_of(session, principal.tenant, after, until, options.limit)
            _record(session, principal, request_id, "audit.read", {"after": after, "events": len(events)})
        last = events[-1].seq if events else until
        cursor = cursors.sign(scope, (last, until)) if last < until else None
        return AuditPage(events=[_info(event) for event in events], next_cursor=cursor)

    def begin_export(self, principal: Principal, request_id: str) -> int:
        """Write down that the chain is exported; the number of this event, with which the export ends."""
        with self._database.write() as session:
            _record(session, principal, request_id, "audit.export", {})
            return head_of(session, principal.tenant)[0]

    def export(self, tenant: str, until: int) -> Iterator[bytes]:
        """The chain's lines; a slow reader holds no connection, as each page has a transaction of its own."""

        def page(after: int) -> list[AuditEvent]:
            with self._database.read() as session:
                return list(page_of(session, tenant, after, until))

        return _chunks(export_pages(tenant, page))


def _administrator(request: Request) -> Principal:
    principal = principal_of(request)
    principal.require(Role.ADMIN)
    require_name(principal.tenant)
    return principal


def _record(
    session: Session, principal: Principal, request_id: str, action: str, details: Mapping[str, int]
) -> None:
    deed = Deed(principal.subject, principal.role, action, {}, request_id, details=details)
    append(session, principal.tenant, deed)


def _info(event: AuditEvent) -> AuditEventInfo:
    return AuditEventInfo(**{name: getattr(event, name) for name in AuditEventInfo.model_fields})


def _chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines in larger pieces: each piece costs a change of threads."""
    piece = bytearray()
    for line in lines:
        piece += line
        if len(piece) >= CHUNK_BYTES:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)
