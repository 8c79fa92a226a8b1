"""Routes that take collections out, bring them in, and keep them in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from bentos.common import openapi, tenants
from bentos.common.answering import Answering, Deed
from bentos.common.audit.caller import Caller
from bentos.common.auth import Role
from bentos.common.composition import Parts
from bentos.common.requests import Fields, read_fields
from bentos.contracts import GalleryFindings, Imported, ReindexReport, Success
from bentos.contracts.base import Message
from bentos.face_recognition.gallery.assembly import Keeping
from bentos.face_recognition.routes.collections import MISSING, TAKEN
from bentos.face_recognition.routes.enrolment import GalleryOf

NOBODY = "0" * 32
"""Id of a tenant for which nothing was ever written."""
LINES: dict[str, Any] = {"content": {openapi.NDJSON: {"schema": {"type": "string"}}}}


def add_transfer(router: APIRouter, parts: Parts, keeping: Keeping, answering: Answering) -> None:
    """``/collections/{name}/export`` and ``/import``."""
    transfer = keeping.transfer

    @router.get(
        "/collections/{name}/export",
        summary="A collection as NDJSON, embeddings included",
        response_class=StreamingResponse,
        responses={**openapi.failures(MISSING), 200: {"description": "A line each", **LINES}},
        openapi_extra={**openapi.SECURED},
    )
    async def export(request: Request, name: str) -> Response:
        deed = Deed("collection.export", {"collection": name}, Role.OPERATOR)
        lines = await answering.run(request, deed, lambda caller: transfer.export(caller, name))
        headers = {"Content-Disposition": 'attachment; filename="collection.ndjson"'}
        return StreamingResponse(lines, media_type=openapi.NDJSON, headers=headers)

    @router.post(
        "/collections/{name}/import",
        summary="Bring in what an export took out",
        responses=openapi.responses(Success[Imported], TAKEN),
        openapi_extra={**openapi.SECURED, "requestBody": {"required": True, **LINES}},
    )
    async def bring_in(request: Request, name: str) -> Response:
        data = await _lines_of(request, parts)
        deed = Deed("collection.import", {"collection": name}, Role.OPERATOR, long=True)
        fields = Fields({"lines": [data]}, {})
        return await answering.write(
            request, deed, lambda caller: transfer.bring_in(caller, name, data.splitlines()), fields
        )


def add_keeping(router: APIRouter, keeping: Keeping, answering: Answering) -> None:
    """``/gallery/…``: what an administrator does to the caller's own galleries."""
    verification, stores = keeping.verification, keeping.stores

    def tenant_id(caller: Caller) -> str:
        with stores.database.read() as session:
            return tenants.find(session, caller.tenant) or NOBODY

    def verify(caller: Caller) -> GalleryFindings:
        return verification.verify(tenant_id(caller))

    def rebuild(caller: Caller) -> GalleryFindings:
        verification.rebuild(tenant_id(caller))
        return verify(caller)

    def purge(caller: Caller) -> GalleryFindings:
        verification.purge()
        return verify(caller)

    _add(router, answering, "verify", "Compare the index with the database", GalleryFindings, verify)
    _add(router, answering, "rebuild", "Make the index anew from the database", GalleryFindings, rebuild)
    _add(router, answering, "purge", "Let nothing erased stay in any file", GalleryFindings, purge)


def add_reindexing(router: APIRouter, parts: Parts, gallery_of: GalleryOf, answering: Answering) -> None:
    """``/gallery/reindex``: moves the caller's galleries to the running model."""

    def reindex(caller: Caller) -> ReindexReport:
        return parts.generations.current.made(gallery_of).reindexing.tenant(caller)

    def preview(caller: Caller) -> ReindexReport:
        return parts.generations.current.made(gallery_of).reindexing.tenant(caller, dry=True)

    _add(router, answering, "reindex", "Embed kept pictures with the running model", ReindexReport, reindex)
    _add(router, answering, "reindex/preview", "What a reindex would do", ReindexReport, preview)


def _add(
    router: APIRouter,
    answering: Answering,
    path: str,
    summary: str,
    result: type[Message],
    work: Callable[[Caller], Message],
) -> None:
    async def endpoint(request: Request) -> Response:
        deed = Deed(f"gallery.{path.replace('/', '.')}", {}, Role.ADMIN, long=True)
        return await answering.write(request, deed, work)

    router.add_api_route(
        f"/gallery/{path}",
        endpoint,
        methods=["POST"],
        name=f"gallery {path}",
        summary=summary,
        responses=openapi.responses(Success[result]),  # type: ignore[valid-type]
        openapi_extra={**openapi.SECURED},
    )


async def _lines_of(request: Request, parts: Parts) -> bytes:
    """The body as it is, or the file of a form."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        return (await read_fields(request, ["file"], parts.settings.limits)).one("file")
    return await request.body()
