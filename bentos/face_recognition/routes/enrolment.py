"""Routes that enrol and identify."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bentos.common import openapi
from bentos.common.answering import Answering, Deed, key_of
from bentos.common.answers import each
from bentos.common.app import context_of
from bentos.common.audit.caller import Caller
from bentos.common.auth import Role
from bentos.common.composition import Parts
from bentos.common.errors import InvalidRequest
from bentos.common.generations import Models
from bentos.common.idempotency import Saved
from bentos.common.operations import UNPROCESSABLE
from bentos.common.rate_limit import RateLimit
from bentos.common.requests import read_fields
from bentos.contracts import (
    BatchEnrolOptions,
    BatchResult,
    Enrolled,
    EnrolOptions,
    IdentifyOptions,
    IdentifyResult,
    Success,
)
from bentos.face_recognition.gallery.assembly import Gallery
from bentos.face_recognition.gallery.enrolment import Wish
from bentos.face_recognition.routes.collections import MISSING, TAKEN
from bentos.face_recognition.routes.inference import SIMILARITY

GalleryOf = Callable[[Models], Gallery]


def add_enrolment(router: APIRouter, parts: Parts, gallery_of: GalleryOf, answering: Answering) -> None:
    """``POST /collections/{name}/subjects``."""

    @router.post(
        "/collections/{name}/subjects",
        status_code=201,
        summary="Enrol a face; its subject is made where there is none",
        responses=openapi.responses(Success[Enrolled], MISSING, TAKEN, UNPROCESSABLE, status=201),
        openapi_extra=openapi.body(["image"], EnrolOptions),
    )
    async def enrol(request: Request, name: str) -> Response:
        context = context_of(request)
        fields = await read_fields(request, ["image"], parts.settings.limits)
        image, chosen = fields.one("image"), fields.options(EnrolOptions)
        models = parts.generations.current
        gallery = models.made(gallery_of)
        wish = Wish(
            chosen.subject_id, image, chosen, chosen.faces, metadata=chosen.metadata, key=key_of(request)
        )
        return await answering.write(
            request,
            _deed(name, chosen.subject_id),
            lambda caller: gallery.enrolment.enrol(caller, name, wish, context.clock),
            fields,
            201,
            models,
        )


def add_batch_enrolment(router: APIRouter, parts: Parts, gallery_of: GalleryOf, answering: Answering) -> None:
    """``POST /collections/{name}/batch``."""
    limits = parts.settings.limits

    @router.post(
        "/collections/{name}/batch",
        summary="Enrol many, each with its own result or error",
        responses=openapi.responses(Success[BatchResult[Enrolled]], MISSING, TAKEN),
        openapi_extra=openapi.body(["images"], BatchEnrolOptions, many=True),
    )
    async def enrol_many(request: Request, name: str) -> Response:
        context = context_of(request)
        fields = await read_fields(request, ["images"], limits)
        images = fields.many("images", limits.max_batch_images)
        chosen, models = fields.options(BatchEnrolOptions), parts.generations.current
        gallery = models.made(gallery_of)
        if len(chosen.subject_ids) != len(images):
            raise InvalidRequest(
                f"There are {len(images)} images and {len(chosen.subject_ids)} subject_ids; send one for each image.",
                {"images": len(images), "subject_ids": len(chosen.subject_ids)},
            )
        wishes = [
            Wish(subject_id, image, chosen, key=key_of(request, index))
            for index, (subject_id, image) in enumerate(zip(chosen.subject_ids, images, strict=True))
        ]

        async def one(wish: Wish) -> Enrolled:
            return await answering.run(
                request,
                _deed(name, wish.subject_id),
                lambda caller: gallery.enrolment.enrol(caller, name, wish, context.clock),
            )

        async def answer() -> Saved:
            await answering.run(
                request, _deed(name, ""), lambda caller: gallery.collections.one(caller, name)
            )
            return answering.saved(request, await each(wishes, one), 200, models)

        return await answering.once(request, _deed(name, ""), fields, answer)


def add_identification(router: APIRouter, parts: Parts, gallery_of: GalleryOf, answering: Answering) -> None:
    """``POST /collections/{name}/identify``."""
    limit = RateLimit(parts.key_value, parts.settings.verify_per_minute, "verify")

    @router.post(
        "/collections/{name}/identify",
        summary="Who of a collection each face may be",
        responses=openapi.responses(Success[IdentifyResult], MISSING, TAKEN, UNPROCESSABLE),
        openapi_extra=openapi.body(["image"], IdentifyOptions),
    )
    async def identify(request: Request, name: str) -> Response:
        context = context_of(request)
        fields = await read_fields(request, ["image"], parts.settings.limits)
        image, chosen, models = (
            fields.one("image"),
            fields.options(IdentifyOptions),
            parts.generations.current,
        )
        gallery = models.made(gallery_of)

        def work(caller: Caller) -> IdentifyResult:
            limit.check(caller.tenant, caller.subject)
            return gallery.identification.identify(caller, name, image, chosen, context.clock)

        deed = Deed("identify", {"collection": name}, Role.VIEWER)
        found = await answering.run(request, deed, work)
        likeness = [(SIMILARITY, face.matches[0].similarity) for face in found.faces if face.matches]
        parts.metrics.scored(models.cards[0], likeness)
        return answering.answer(request, found, models)


def _deed(name: str, subject_id: str) -> Deed:
    return Deed("face.enrol", {"collection": name, "subject_id": subject_id}, Role.OPERATOR)
