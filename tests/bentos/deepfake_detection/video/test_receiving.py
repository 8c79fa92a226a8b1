"""Bodies that arrive in pieces: onto the disk and off the event loop, in flat memory."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from starlette.requests import ClientDisconnect

from bentos.common.errors import InvalidRequest, PayloadTooLarge, UnsupportedMediaType
from bentos.contracts import VideoOptions
from bentos.deepfake_detection.video.receiving import BATCH_BYTES, receive
from bentos.deepfake_detection.video.records import new_job_id
from bentos.deepfake_detection.video.uploads import PartFile, Uploads

TYPE = "multipart/form-data; boundary=b"
HEAD = b'--b\r\nContent-Disposition: form-data; name="video"; filename="a.mp4"\r\n\r\n'
TAIL = b'\r\n--b\r\nContent-Disposition: form-data; name="sample_fps"\r\n\r\n5\r\n--b--\r\n'
MB = 1_000_000


class Part(PartFile):
    """Notes which threads wrote, and how much at once."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        super().__init__(path, max_bytes, 0)
        self.threads: set[int] = set()
        self.sizes: list[int] = []

    def write(self, data: memoryview) -> None:
        self.threads.add(threading.get_ident())
        self.sizes.append(len(data))
        super().write(data)


@pytest.fixture
def part(tmp_path: Path) -> Iterator[Part]:
    part = Part(Uploads(tmp_path).path(new_job_id()), 100 * MB)
    yield part
    part.remove()


async def body(content: bytes, pieces: int, size: int) -> AsyncIterator[bytes]:
    yield HEAD
    for _ in range(pieces):
        yield content * (size // len(content))
    yield TAIL


async def test_a_file_is_written_hashed_and_counted(part: Part) -> None:
    content = bytes(range(256))
    options = await receive(body(content, 50, 256 * 250), TYPE, part, VideoOptions)
    whole = content * 250 * 50
    assert options == VideoOptions(sample_fps=5)
    assert part.path.read_bytes() == whole
    assert (part.size, part.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())


async def test_the_event_loop_writes_nothing_and_threads_write_much_at_once(part: Part) -> None:
    await receive(body(b"x", 1000, 10_000), TYPE, part, VideoOptions)
    assert threading.get_ident() not in part.threads
    assert len(part.sizes) <= 10 * MB / BATCH_BYTES + 3
    assert max(part.sizes) <= BATCH_BYTES + 10_000


async def test_memory_stays_flat(part: Part) -> None:
    tracemalloc.start()
    try:
        await receive(body(b"x", 1500, 64_000), TYPE, part, VideoOptions)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert part.size == 96 * MB
    assert peak < 5 * MB


async def test_what_is_too_large_is_said_long_before_its_end(tmp_path: Path) -> None:
    part = Part(Uploads(tmp_path).path(new_job_id()), 3 * MB)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield HEAD
        while True:
            sent += 100_000
            yield b"x" * 100_000

    with pytest.raises(PayloadTooLarge):
        await receive(endless(), TYPE, part, VideoOptions)
    assert sent <= 3 * MB + 2 * BATCH_BYTES
    part.remove()


async def test_whoever_leaves_is_not_mistaken_for_the_end(part: Part) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield HEAD + b"x"
        raise ClientDisconnect

    with pytest.raises(ClientDisconnect):
        await receive(broken(), TYPE, part, VideoOptions)


async def test_a_body_that_ends_early_is_refused(part: Part) -> None:
    async def short() -> AsyncIterator[bytes]:
        yield HEAD + b"x" * 1000

    with pytest.raises(InvalidRequest):
        await receive(short(), TYPE, part, VideoOptions)


async def test_a_body_of_another_type_is_not_read(part: Part) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    with pytest.raises(UnsupportedMediaType):
        await receive(unread(), "application/json", part, VideoOptions)


async def test_one_that_is_cancelled_can_be_removed_at_once(part: Part) -> None:
    started = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield HEAD + b"x" * (2 * MB)
        started.set()
        await asyncio.sleep(60)
        yield TAIL

    task = asyncio.create_task(receive(slow(), TYPE, part, VideoOptions))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    part.remove()
    assert not part.path.exists()
