"""From a request to a use case that keeps something, and back: role, idempotency, audit, envelope."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from bentos.common.answers import success
from bentos.common.app import context_of, principal_of
from bentos.common.audit.caller import Audited, Caller
from bentos.common.auth import Role
from bentos.common.composition import Parts
from bentos.common.database import Database
from bentos.common.errors import DependencyUnavailable, FaceSocialError
from bentos.common.generations import Models
from bentos.common.http_errors import body_of
from bentos.common.idempotency import HEADER, Idempotency, Saved, fingerprint
from bentos.common.requests import Fields
from bentos.contracts.base import Message

logger = logging.getLogger(__name__)

T = TypeVar("T")
NOTHING = Fields({}, {})
REPLAYED = "Idempotency-Replayed"


@dataclass(frozen=True, slots=True)
class Deed:
    """What a request wants to do, as the audit chain names it.

    Attributes:
        long: It may take seconds or minutes: it runs beside the workers, whose queue is judged by how long a
            picture takes.
    """

    action: str
    target: Mapping[str, Any]
    role: Role
    long: bool = False


def caller_of(request: Request) -> Caller:
    """On whose behalf the request is."""
    principal = principal_of(request)
    return Caller(principal.tenant, principal.subject, principal.role.value, context_of(request).request_id)


def key_of(request: Request, *more: object) -> str | None:
    """Digest of the request's idempotency key, for the database; None where it sent none."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    return hashlib.sha256("\n".join([key, request.url.path, *map(str, more)]).encode()).hexdigest()


class Answering:
    """Runs use cases in worker threads and answers in the contract's envelope."""

    def __init__(self, parts: Parts, database: Database) -> None:
        self._workers = parts.workers
        self._database = database
        self._generations = parts.generations
        self._idempotency = Idempotency(parts.key_value, parts.settings.idempotency_ttl_s)

    async def run(self, request: Request, deed: Deed, work: Callable[[Caller], T]) -> T:
        """What ``work`` returns; what it, or the caller's role, refuses is noted in the audit chain."""
        if deed.long:
            return await asyncio.to_thread(self._noted, request, deed, work)
        return await self._workers.run(self._noted, request, deed, work)

    async def read(self, request: Request, work: Callable[[Caller], Message]) -> Response:
        """Answer with what a viewer may see."""
        return self.answer(request, await self._workers.run(work, caller_of(request)))

    def answer(self, request: Request, data: Message, models: Models | None = None) -> Response:
        """An answer in its envelope; ``models`` are those that it was made with, where it was made with any."""
        return success(data, context_of(request), (models or self._generations.current).refs)

    async def write(
        self,
        request: Request,
        deed: Deed,
        work: Callable[[Caller], Message],
        fields: Fields = NOTHING,
        status: int = 200,
        models: Models | None = None,
    ) -> Response:
        """Do something once for each idempotency key, and answer with what came of it."""

        async def answer() -> Saved:
            return self.saved(request, await self.run(request, deed, work), status, models)

        return await self.once(request, deed, fields, answer)

    def saved(self, request: Request, data: Message, status: int, models: Models | None = None) -> Saved:
        """An answer as it is kept for repeats."""
        response = success(data, context_of(request), (models or self._generations.current).refs, status)
        return Saved(status, bytes(response.body))

    async def once(
        self, request: Request, deed: Deed, fields: Fields, answer: Callable[[], Awaitable[Saved]]
    ) -> Response:
        """The answer, or the one that an earlier request with the same idempotency key got.

        Who may not do it is not told either what came of it when somebody else did.
        """
        key = request.headers.get(HEADER)
        if key is None or not principal_of(request).role.covers(deed.role):
            saved, replayed = await answer(), False
        else:
            path = request.url.path
            mark = await asyncio.to_thread(fingerprint, request.method, path, fields.files, fields.values)
            worked: list[bool] = []

            async def first() -> Saved:
                worked.append(True)
                return await answer()

            saved = await self._idempotency.run(principal_of(request).tenant, key, mark, first)
            replayed = not worked
        headers = {REPLAYED: "true"} if replayed else None
        return Response(saved.body, saved.status, headers=headers, media_type="application/json")

    def _noted(self, request: Request, deed: Deed, work: Callable[[Caller], T]) -> T:
        caller = caller_of(request)
        try:
            principal_of(request).require(deed.role)
            return work(caller)
        except FaceSocialError as error:
            with suppress(DependencyUnavailable):  # the refusal itself is what the caller has to hear
                outcome = body_of(error).code.value
                Audited(self._database, caller, deed.action, deed.target).note(outcome)
            raise
