"""A write that is sent again does nothing twice."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from bentos.common.errors import Conflict, DependencyUnavailable, InvalidRequest
from bentos.common.keyvalue import KeyValue
from bentos.common.keyvalue.keys import digest_of

logger = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
MARK_TTL_S = 6
"""So long a key stays taken after the process that works on it has died."""
WAIT_S = 20.0
"""Longer than a mark lives: whoever waits for a process that has died takes over."""
POLL_S = 0.05
_VALID_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Saved:
    """The answer to a write, as it is given to each repeat. It holds no picture and no embedding."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class _Record:
    """What is kept by key: a mark with its owner while the first request is worked on, then the answer."""

    fingerprint: str
    owner: str | None = None
    answer: Saved | None = None

    def to_bytes(self) -> bytes:
        status = self.answer.status if self.answer else None
        head = json.dumps({"fingerprint": self.fingerprint, "owner": self.owner, "status": status})
        return head.encode() + b"\n" + (self.answer.body if self.answer else b"")

    @classmethod
    def of_bytes(cls, data: bytes) -> _Record:
        head, _, body = data.partition(b"\n")
        fields = json.loads(head)
        answer = None if fields["status"] is None else Saved(fields["status"], body)
        return cls(fields["fingerprint"], fields["owner"], answer)


class Idempotency:
    """Answers a repeated write with the first answer.

    A process that dies between the work and the keeping of its answer leaves a key that is worked on once more.

    Args:
        store: Where answers are kept; writes with a key are refused while it does not answer.
        ttl_s: How long.
        mark_ttl_s: How long a key stays taken after the process that works on it has died.
        wait_s: How long a repeat waits for the first request.
    """

    def __init__(
        self, store: KeyValue, ttl_s: int, *, mark_ttl_s: int = MARK_TTL_S, wait_s: float = WAIT_S
    ) -> None:
        self._store = store
        self._ttl_s = ttl_s
        self._mark_ttl_s = mark_ttl_s
        self._wait_s = wait_s

    async def run(
        self, tenant: str, key: str, fingerprint: str, work: Callable[[], Awaitable[Saved]]
    ) -> Saved:
        """The answer of ``work``, or the one that it gave to an earlier request with this key.

        Args:
            tenant: The caller's; keys of tenants have nothing to do with each other.
            key: From the header ``Idempotency-Key``.
            fingerprint: Of the request; see ``fingerprint``.
            work: Does what is asked for. What it raises is not kept: a repeat is worked on anew.

        Raises:
            InvalidRequest: The key is not 1 to 255 visible ASCII characters.
            Conflict: The key came with another request, or the first one is still being answered.
            DependencyUnavailable: The store does not answer; nothing was done.
        """
        require_valid(key)
        place = f"idempotency:{digest_of([tenant, key])}"
        mark = _Record(fingerprint, owner=uuid.uuid4().hex).to_bytes()
        saved = await self._earlier(place, mark, fingerprint)
        return await self._work(place, mark, fingerprint, work) if saved is None else saved

    async def _earlier(self, place: str, mark: bytes, fingerprint: str) -> Saved | None:
        """The kept answer, waited for if need be; None once the place is marked as ours."""
        loop = asyncio.get_running_loop()
        limit = loop.time() + self._wait_s
        while not await asyncio.to_thread(self._store.add, place, mark, self._mark_ttl_s):
            found = await asyncio.to_thread(self._store.get, place)
            if found is None:  # it lapsed in between
                continue
            record = _Record.of_bytes(found)
            if record.fingerprint != fingerprint:
                raise Conflict(f"This {HEADER} was reused with another body; a new request needs a new key.")
            if record.answer is not None:
                return record.answer
            if loop.time() >= limit:
                raise Conflict(
                    f"The first request with this {HEADER} is still being answered; ask again later."
                )
            await asyncio.sleep(POLL_S)
        return None

    async def _work(
        self, place: str, mark: bytes, fingerprint: str, work: Callable[[], Awaitable[Saved]]
    ) -> Saved:
        # Cancelled, work may go on in a thread: its mark is left to lapse by itself.
        try:
            async with self._refreshed(place, mark):
                saved = await work()
        except Exception:
            with _logged("a key stays taken for a moment"):
                await asyncio.to_thread(self._store.delete_if, place, mark)
            raise
        with _logged("an answer is not kept for repeats"):
            await asyncio.to_thread(self._keep, place, mark, _Record(fingerprint, answer=saved).to_bytes())
        return saved

    def _keep(self, place: str, mark: bytes, record: bytes) -> None:
        """Put the answer in the mark's place, or where the mark has lapsed and nobody has taken over."""
        if not self._store.replace_if(place, mark, record, self._ttl_s):
            self._store.add(place, record, self._ttl_s)

    @asynccontextmanager
    async def _refreshed(self, place: str, mark: bytes) -> AsyncIterator[None]:
        """Keep the mark alive inside the block."""

        async def refresh() -> None:
            while True:
                await asyncio.sleep(self._mark_ttl_s / 3)
                with _logged("a key may be worked on twice"):
                    await asyncio.to_thread(self._store.replace_if, place, mark, mark, self._mark_ttl_s)

        refreshing = asyncio.create_task(refresh())
        try:
            yield
        finally:
            refreshing.cancel()


def require_valid(key: str) -> None:
    """Raise InvalidRequest unless it is a key that a caller may send."""
    if not _VALID_KEY.fullmatch(key):
        raise InvalidRequest(f"{HEADER} must be 1 to 255 visible ASCII characters.")


def fingerprint(
    method: str, path: str, files: Mapping[str, Sequence[bytes]], values: Mapping[str, Any]
) -> str:
    """What tells one request from another with the same key: SHA-256 of what it brings, 64 hex digits.

    It takes the fields as they were read and not the body, because a form's boundary is another in each retry. It
    hashes every file: call it in a thread.

    Args:
        method: Of the request.
        path: Of the request.
        files: Files by field name.
        values: The other fields, as JSON has them.
    """
    parts: list[str | bytes] = [method, path, json.dumps(values, sort_keys=True)]
    for name in sorted(files):
        parts += [name, str(len(files[name])), *files[name]]
    return digest_of(parts)


@contextmanager
def _logged(consequence: str) -> Iterator[None]:
    """Go on without the store, and say what follows from it."""
    try:
        yield
    except DependencyUnavailable as error:
        logger.warning("%s: %s", consequence, error.__cause__ or error)
