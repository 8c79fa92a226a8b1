"""Routes of collections and of who is in them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bentos.common import openapi
from bentos.common.answering import Answering, Deed
from bentos.common.auth import Role
from bentos.common.composition import Parts
from bentos.common.requests import options_of_query, read_fields
from bentos.contracts import (
    CollectionInfo,
    CollectionOptions,
    CollectionPage,
    Erased,
    PageOptions,
    SubjectDetail,
    SubjectPage,
    Success,
)
from bentos.face_recognition.gallery.assembly import Keeping

MISSING = (404, "Nothing of this name, or it is another tenant's")
TAKEN = (409, "It exists already, or the idempotency key was used for another request")


def add_collections(router: APIRouter, parts: Parts, keeping: Keeping, answering: Answering) -> None:
    """``/collections`` and ``/collections/{name}``."""
    collections, erasure = keeping.collections, keeping.erasure

    @router.post(
        "/collections",
        status_code=201,
        summary="Make a collection",
        responses=openapi.responses(Success[CollectionInfo], TAKEN, status=201),
        openapi_extra=openapi.body([], CollectionOptions),
    )
    async def create(request: Request) -> Response:
        fields = await read_fields(request, [], parts.settings.limits)
        name = fields.options(CollectionOptions).name
        deed = Deed("collection.create", {"collection": name}, Role.OPERATOR)
        return await answering.write(
            request, deed, lambda caller: collections.create(caller, name), fields, 201
        )

    @router.get(
        "/collections",
        summary="The tenant's collections",
        responses=openapi.responses(Success[CollectionPage]),
        openapi_extra={**openapi.SECURED, **openapi.query(PageOptions)},
    )
    async def listed(request: Request) -> Response:
        page = options_of_query(request, PageOptions)
        return await answering.read(request, lambda caller: collections.page(caller, page, keeping.cursors))

    @router.get(
        "/collections/{name}",
        summary="One collection",
        responses=openapi.responses(Success[CollectionInfo], MISSING),
        openapi_extra={**openapi.SECURED},
    )
    async def one(request: Request, name: str) -> Response:
        return await answering.read(request, lambda caller: collections.one(caller, name))

    @router.delete(
        "/collections/{name}",
        summary="Erase a collection with everybody in it",
        responses=openapi.responses(Success[Erased], MISSING),
        openapi_extra={**openapi.SECURED},
    )
    async def erase(request: Request, name: str) -> Response:
        deed = Deed("collection.erase", {"collection": name}, Role.ADMIN)
        return await answering.write(request, deed, lambda caller: erasure.collection(caller, name))


def add_subjects(router: APIRouter, keeping: Keeping, answering: Answering) -> None:
    """Listing, looking at and erasing subjects."""
    collections, erasure = keeping.collections, keeping.erasure

    @router.get(
        "/collections/{name}/subjects",
        summary="Who is in a collection",
        responses=openapi.responses(Success[SubjectPage], MISSING),
        openapi_extra={**openapi.SECURED, **openapi.query(PageOptions)},
    )
    async def listed(request: Request, name: str) -> Response:
        page = options_of_query(request, PageOptions)
        return await answering.read(
            request, lambda caller: collections.subjects(caller, name, page, keeping.cursors)
        )

    @router.get(
        "/collections/{name}/subjects/{subject_id}",
        summary="A subject and its faces",
        responses=openapi.responses(Success[SubjectDetail], MISSING),
        openapi_extra={**openapi.SECURED},
    )
    async def one(request: Request, name: str, subject_id: str) -> Response:
        return await answering.read(request, lambda caller: collections.subject(caller, name, subject_id))

    @router.delete(
        "/collections/{name}/subjects/{subject_id}",
        summary="Erase a subject from every store",
        responses=openapi.responses(Success[Erased], MISSING),
        openapi_extra={**openapi.SECURED},
    )
    async def erase(request: Request, name: str, subject_id: str) -> Response:
        deed = Deed("subject.erase", {"collection": name, "subject_id": subject_id}, Role.OPERATOR)
        return await answering.write(request, deed, lambda caller: erasure.subject(caller, name, subject_id))

    @router.delete(
        "/collections/{name}/subjects/{subject_id}/faces/{face_id}",
        summary="Erase one face from every store",
        responses=openapi.responses(Success[Erased], MISSING),
        openapi_extra={**openapi.SECURED},
    )
    async def erase_face(request: Request, name: str, subject_id: str, face_id: str) -> Response:
        target = {"collection": name, "subject_id": subject_id, "face_id": face_id}
        return await answering.write(
            request,
            Deed("face.erase", target, Role.OPERATOR),
            lambda caller: erasure.face(caller, name, subject_id, face_id),
        )
