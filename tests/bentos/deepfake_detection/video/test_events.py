"""The stream of a job's events, around a job that the test changes."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.types import Message

from bentos.common.errors import DependencyUnavailable, FaceSocialError, NotFound, Overloaded
from bentos.contracts import JobFault, JobInfo, JobStatus
from bentos.deepfake_detection.video.events import HEARTBEAT, JobEvents

POLL_S = 0.01
LIMIT_S = 20


class Job:
    """A job, and somebody who watches it."""

    def __init__(self, **settings: Any) -> None:
        at = datetime(2026, 1, 2, tzinfo=UTC)
        self.info = JobInfo(job_id="a" * 32, status=JobStatus.QUEUED, progress=0, created_at=at)
        self.fault: FaceSocialError | None = None
        self.stopped = False
        self.looks = 0
        self.events = JobEvents(lambda: self.stopped, poll_s=POLL_S, **settings)
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self.left = asyncio.Event()
        self.looked_once = asyncio.Event()
        self.loop = asyncio.get_running_loop()

    def change(self, **values: Any) -> None:
        self.info = self.info.model_copy(update=values)

    def look(self) -> JobInfo:
        self.looks += 1
        self.loop.call_soon_threadsafe(self.looked_once.set)
        if self.fault:
            raise self.fault
        return self.info

    def watch(self) -> asyncio.Task[None]:
        response = self.events.answer(self.info, self.look)

        async def receive() -> Message:
            await self.left.wait()
            return {"type": "http.disconnect"}

        scope = {"type": "http", "asgi": {"spec_version": "2.3"}, "method": "GET"}
        return asyncio.create_task(response(scope, receive, self.messages.put))

    async def text(self) -> str:
        message = await asyncio.wait_for(self.messages.get(), LIMIT_S)
        return bytes(message.get("body", b"")).decode()

    async def event(self) -> tuple[str, dict[str, Any]]:
        name, data, *rest = (await self.text()).split("\n")
        assert rest == ["", ""]
        return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))

    async def looked(self, times: int) -> None:
        wanted = self.looks + times
        while self.looks < wanted:
            self.looked_once.clear()
            await asyncio.wait_for(self.looked_once.wait(), LIMIT_S)


async def test_it_says_what_changed_and_how_it_ended() -> None:
    job = Job()
    watching = job.watch()
    start = await job.messages.get()
    headers = dict(start["headers"])
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"x-accel-buffering"] == b"no"
    assert await job.event() == ("progress", json.loads(job.info.model_dump_json()))
    await job.looked(3)
    assert job.messages.empty(), "nothing changed"
    job.change(status=JobStatus.RUNNING, progress=0.5)
    name, said = await job.event()
    assert (name, said["status"], said["progress"]) == ("progress", "running", 0.5)
    job.change(status=JobStatus.FAILED, error=JobFault(code="NO_FACE", message="two\nlines"))
    name, said = await job.event()
    assert (name, said["error"]) == ("end", {"code": "NO_FACE", "message": "two\nlines"})
    assert await job.messages.get() == {"type": "http.response.body", "body": b"", "more_body": False}
    await asyncio.wait_for(watching, LIMIT_S)
    assert job.events.streams == 0


async def test_a_job_that_is_over_has_its_end_alone() -> None:
    job = Job()
    job.change(status=JobStatus.CANCELLED)
    await asyncio.wait_for(job.watch(), LIMIT_S)
    await job.messages.get()
    assert (await job.event())[0] == "end"
    assert job.looks == 0


async def test_silence_is_broken_by_comments() -> None:
    job = Job(heartbeat_s=3 * POLL_S)
    watching = job.watch()
    await job.messages.get()
    await job.event()
    assert HEARTBEAT.startswith(":")
    assert HEARTBEAT.endswith("\n\n")
    looks = job.looks
    assert [await job.text() for _ in range(2)] == [HEARTBEAT, HEARTBEAT]
    assert job.looks > looks + 2, "not with every look"
    job.left.set()
    await asyncio.wait_for(watching, LIMIT_S)


async def test_it_ends_when_the_client_leaves() -> None:
    job = Job()
    watching = job.watch()
    await job.looked(2)
    assert job.events.streams == 1
    job.left.set()
    await asyncio.wait_for(watching, LIMIT_S)
    assert job.events.streams == 0


async def test_it_ends_with_the_service() -> None:
    job = Job()
    watching = job.watch()
    await job.looked(2)
    job.stopped = True
    await asyncio.wait_for(watching, LIMIT_S)


async def test_it_ends_when_the_job_is_gone() -> None:
    job = Job()
    watching = job.watch()
    await job.looked(1)
    job.fault = NotFound("deleted")
    await asyncio.wait_for(watching, LIMIT_S)


async def test_it_survives_a_database_that_does_not_answer_for_a_while() -> None:
    job = Job()
    watching = job.watch()
    await job.messages.get()
    await job.event()
    job.fault = DependencyUnavailable("the database")
    await job.looked(3)
    assert job.messages.empty()
    job.fault = None
    job.change(status=JobStatus.SUCCEEDED, progress=1.0)
    assert (await job.event())[0] == "end"
    await asyncio.wait_for(watching, LIMIT_S)


async def test_an_answer_that_is_never_sent_takes_no_place() -> None:
    job = Job()
    job.events.answer(job.info, job.look)
    assert job.events.streams == 0


async def test_enough_is_enough() -> None:
    job = Job(max_streams=2)
    job.events.require_room()
    watching = [job.watch(), job.watch()]
    await job.looked(1)
    with pytest.raises(Overloaded) as caught:
        job.events.require_room()
    assert caught.value.retry_after_s >= 1
    job.left.set()
    await asyncio.wait_for(asyncio.gather(*watching), LIMIT_S)
    job.events.require_room()
