"""Routes of videos and their jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from bentos.common import openapi
from bentos.common.answering import REPLAYED, Answering, Deed, caller_of, key_of
from bentos.common.app import API
from bentos.common.auth import Role
from bentos.common.cursors import Cursors
from bentos.common.idempotency import HEADER, require_valid
from bentos.common.requests import options_of_query
from bentos.contracts import JobAccepted, JobDeleted, JobInfo, JobListOptions, JobPage, Success, VideoOptions
from bentos.deepfake_detection.video.events import EVENTS, JobEvents
from bentos.deepfake_detection.video.intake import Intake
from bentos.deepfake_detection.video.jobs import JobStore, new_job_id
from bentos.deepfake_detection.video.receiving import FIELD, receive
from bentos.deepfake_detection.video.uploads import PartFile

PROBES_AT_ONCE = 2
"""A hostile video keeps its thread waiting for a minute, and the event loop has only a few of them for everything."""
MISSING = (404, "No such job, or it is another tenant's")
TAKEN = (409, "The idempotency key was used for another request")
TEXT = {"type": "string"}
ENOUGH = (429, "The tenant's jobs or uploads are as many as may be; see Retry-After")


def add_videos(router: APIRouter, intake: Intake, answering: Answering) -> None:
    """``POST /videos``."""
    turn = asyncio.Semaphore(PROBES_AT_ONCE)

    @router.post(
        "/videos",
        status_code=202,
        summary="Hand in a video; a job judges it",
        responses=_accepted(),
        openapi_extra=openapi.form(FIELD, VideoOptions),
    )
    async def submit(request: Request) -> Response:
        key = _valid_key(request)
        deed = Deed("video.submit", {}, Role.OPERATOR, long=True)
        size = _declared(request)
        await answering.run(request, deed, lambda caller: intake.require_room(caller, size, key))
        job_id = new_job_id()
        part = await asyncio.to_thread(intake.begin, job_id)
        async with _removed_if_cut_off(part):
            options = await receive(request.stream(), _content_type(request), part, VideoOptions)
            await turn.acquire()
        try:
            found, made = await answering.run(
                request, deed, lambda caller: intake.accept(caller, job_id, part, options, key)
            )
        finally:
            turn.release()
        saved = answering.saved(request, JobAccepted(job_id=found), 202)
        headers = {"Location": f"{API}/jobs/{found}"} | ({} if made else {REPLAYED: "true"})
        return Response(saved.body, saved.status, headers=headers, media_type="application/json")


def add_jobs(
    router: APIRouter,
    intake: Intake,
    answering: Answering,
    cursors: Callable[[], Cursors],
) -> None:
    """``/jobs`` and ``/jobs/{job_id}``."""
    store = intake.store

    @router.get(
        "/jobs",
        summary="The tenant's jobs, the latest first",
        responses=openapi.responses(Success[JobPage]),
        openapi_extra={**openapi.SECURED, **openapi.query(JobListOptions)},
    )
    async def listed(request: Request) -> Response:
        page = options_of_query(request, JobListOptions)
        return await answering.read(request, lambda caller: store.page(caller.tenant, page, cursors()))

    @router.get(
        "/jobs/{job_id}",
        summary="A job, with its result when it has one",
        responses=openapi.responses(Success[JobInfo], MISSING),
        openapi_extra={**openapi.SECURED},
    )
    async def one(request: Request, job_id: str) -> Response:
        return await answering.read(request, lambda caller: store.get(caller.tenant, job_id).info())

    @router.delete(
        "/jobs/{job_id}",
        summary="Cancel a job, or delete one that is over; its video goes in any case",
        responses=openapi.responses(Success[JobDeleted], MISSING, TAKEN),
        openapi_extra={**openapi.SECURED},
    )
    async def drop(request: Request, job_id: str) -> Response:
        deed = Deed("video.delete", {"job_id": job_id}, Role.OPERATOR)
        return await answering.write(request, deed, lambda caller: intake.drop(caller, job_id))


def add_events(router: APIRouter, store: JobStore, events: JobEvents, watch: Callable[[], None]) -> None:
    """``GET /jobs/{job_id}/events``; ``watch`` begins to notice that the service ends."""

    @router.get(
        "/jobs/{job_id}/events",
        summary="A job's progress as server-sent events: `progress` whenever it changed, then `end`",
        response_class=StreamingResponse,
        responses={
            **openapi.failures(MISSING),
            200: {"description": "Each event's data is a job", "content": {EVENTS: {"schema": TEXT}}},
        },
        openapi_extra={**openapi.SECURED},
    )
    async def watched(request: Request, job_id: str) -> Response:
        watch()
        events.require_room()
        tenant = caller_of(request).tenant

        def look() -> JobInfo:
            return store.get(tenant, job_id).info()

        return events.answer(await asyncio.to_thread(look), look)


@asynccontextmanager
async def _removed_if_cut_off(part: PartFile) -> AsyncIterator[None]:
    """Leave nothing of an upload that cannot be taken; ``Intake.accept`` does the same from there on."""
    try:
        yield
    except BaseException:  # a cancelled request too
        await asyncio.to_thread(part.remove)
        raise


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "")


def _valid_key(request: Request) -> str | None:
    sent = request.headers.get(HEADER)
    if sent is not None:
        require_valid(sent)
    return key_of(request)


def _declared(request: Request) -> int:
    """Bytes that the request says to bring, the form around the video included."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdigit() else 0


def _accepted() -> dict[int | str, dict[str, Any]]:
    found = openapi.responses(Success[JobAccepted], TAKEN, ENOUGH, status=202)
    found[202]["headers"] = {"Location": {"description": "The job's address", "schema": TEXT}}
    return found
