"""What becomes of a job, as server-sent events (the HTML standard's ``text/event-stream``)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from bentos.common.errors import DependencyUnavailable, NotFound, Overloaded
from bentos.contracts import JobInfo

logger = logging.getLogger(__name__)

EVENTS = "text/event-stream"
POLL_S = 0.5
HEARTBEAT_S = 15.0
MAX_STREAMS = 64
RETRY_AFTER_S = 10
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
HEARTBEAT = ": still here\n\n"

Look = Callable[[], JobInfo]
"""Reads a job in a thread; raises NotFound when it is gone."""


class JobEvents:
    """Watches jobs, some at once.

    Args:
        stopping: Whether the service ends.
        poll_s: Seconds between two looks at a job.
        heartbeat_s: Seconds without news after which a comment keeps the connection alive.
        max_streams: Of this process.
    """

    def __init__(
        self,
        stopping: Callable[[], bool],
        *,
        poll_s: float = POLL_S,
        heartbeat_s: float = HEARTBEAT_S,
        max_streams: int = MAX_STREAMS,
    ) -> None:
        self._stopping = stopping
        self._poll_s = poll_s
        self._heartbeat_s = heartbeat_s
        self._max_streams = max_streams
        self.streams = 0

    def require_room(self) -> None:
        """Raise Overloaded where enough jobs are watched already."""
        if self.streams >= self._max_streams:
            raise Overloaded(
                f"{self.streams} jobs are being watched already; ask for the job itself, or try again later.",
                RETRY_AFTER_S,
            )

    def answer(self, first: JobInfo, look: Look) -> StreamingResponse:
        """The events of a job, beginning with how it is now.

        ``progress`` comes with the job whenever it has changed, ``end`` with how it ended; the stream ends too when
        the job or the service is gone.
        """
        return _Counted(self, self._events(first, look))

    async def _events(self, info: JobInfo, look: Look) -> AsyncIterator[str]:
        clock = asyncio.get_running_loop().time
        said, said_at = "", clock()
        while True:
            text = info.model_dump_json()
            if info.status.over:
                yield _event("end", text)
                return
            if text != said:
                said, said_at = text, clock()
                yield _event("progress", text)
            elif clock() - said_at >= self._heartbeat_s:
                said_at = clock()
                yield HEARTBEAT
            await asyncio.sleep(self._poll_s)
            if self._stopping():
                return
            try:
                info = await asyncio.to_thread(look)
            except NotFound:
                return
            except DependencyUnavailable as error:
                logger.warning("a job is watched without news: %s", error.message)


class _Counted(StreamingResponse):
    """Takes one of the places as long as it is being sent."""

    def __init__(self, events: JobEvents, content: AsyncIterator[str]) -> None:
        super().__init__(content, headers=HEADERS, media_type=EVENTS)
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._events.streams += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._events.streams -= 1


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"
