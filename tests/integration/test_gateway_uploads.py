"""Bodies on their way through the gateway: large ones stream, too large ones are refused."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from gateway_process import GatewayProcess
from integration.watching import Watched, memory_of
from raw_http import RawAnswer
from recording_upstream import RecordingUpstream

from deploy.nginx.routes import SERVICE_PREFIXES

VIDEOS = "/api/v1/deepfake-detection/videos"
MB = 1_000_000
PIECE = b"v" * 250_000


def video(size: int) -> Iterator[bytes]:
    for _ in range(size // len(PIECE)):
        yield PIECE
    yield PIECE[: size % len(PIECE)]


def announced(front: GatewayProcess, source: str, path: str, *headers: str, body: bytes = b"") -> RawAnswer:
    """The answer to a body of which no more than its beginning was sent."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {front.token()}", *headers]
    with front.raw(source) as connection:
        connection.send("\r\n".join([*lines, "", ""]).encode() + body)
        return connection.answer()


def test_a_video_of_450_mb_streams_through(front: GatewayProcess, recorder: RecordingUpstream) -> None:
    """To a service that reads slower than the client sends; neither memory nor disk keeps what it has not read."""
    size = 450 * MB
    before = memory_of(front.processes())
    headers = {**front.headers(), "Content-Length": str(size), "X-Read-Pause-S": "0.0002"}
    with front.client() as client, Watched(front) as watched:
        answer = client.post(VIDEOS, content=video(size), headers=headers)
    assert answer.status_code == 200
    assert recorder.requests("/api/v1/videos")[-1].body_bytes == size
    assert watched.looks > 5
    assert watched.memory - before < 20 * MB
    assert watched.files == 0


def test_a_video_without_a_length_streams_through(front: GatewayProcess, recorder: RecordingUpstream) -> None:
    with front.client() as client, Watched(front) as watched:
        answer = client.post(f"{VIDEOS}?chunked", content=video(30 * MB), headers=front.headers())
    assert answer.status_code == 200
    assert recorder.requests("/api/v1/videos?chunked")[-1].body_bytes == 30 * MB
    assert watched.files == 0


def assert_too_large(answer: RawAnswer) -> None:
    body = json.loads(answer.body)
    assert (answer.status, body["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert answer.all("x-request-id") == [body["meta"]["request_id"]]


ROUTES = {
    "/api/v1/deepfake-detection/videos": 500,
    "/api/v1/deepfake-detection/analyze": 500,
    **{f"/api/v1/{prefix}/batch": 200 for prefix in SERVICE_PREFIXES},
    "/api/v1/face-recognition/collections/staff/batch": 200,
    "/api/v1/face-recognition/collections/staff/import": 200,
    "/api/v1/face-recognition/verify": 54,
    "/api/v1/face-recognition/collections/staff/subjects": 54,
    "/api/v1/antispoofing/check": 27,
    "/api/v1/face-detection/detect": 27,
    "/api/v1/demographics/estimate": 27,
    "/api/v1/demographics/health": 1,
}


@pytest.mark.parametrize("path", ROUTES)
def test_a_body_that_is_announced_as_too_large(
    front: GatewayProcess, recorder: RecordingUpstream, source: str, path: str
) -> None:
    length = f"Content-Length: {(ROUTES[path] + 1) * MB}"
    assert_too_large(announced(front, source, f"{path}?{source}", length))
    assert not recorder.requests(f"?{source}")


@pytest.mark.parametrize("path", [path for path, size in ROUTES.items() if 27 <= size <= 54])
def test_the_largest_body_passes(
    front: GatewayProcess, recorder: RecordingUpstream, source: str, path: str
) -> None:
    with front.client(source) as client:
        answer = client.post(
            f"{path}?{source}", content=b"x" * ROUTES[path] * MB, headers=front.headers(role="operator")
        )
    assert answer.status_code == 200
    assert recorder.requests(f"?{source}")[0].body_bytes == ROUTES[path] * MB


def test_a_body_that_waits_on_the_disk_would_be_seen(front: GatewayProcess, source: str) -> None:
    """Pictures do, beyond 2 MB: what shows that the tests above look in the right place."""
    lines = ["POST /api/v1/face-detection/detect HTTP/1.1", "Host: localhost", f"Content-Length: {20 * MB}"]
    lines += [f"Authorization: Bearer {front.token()}"]
    with front.raw(source) as connection:
        connection.send("\r\n".join([*lines, "", ""]).encode() + b"x" * 10 * MB)
        limit = time.monotonic() + 20
        while not front.temporary_files:
            assert time.monotonic() < limit
        connection.send(b"x" * 10 * MB)
        assert connection.answer().status == 200


def test_a_body_without_a_length_is_counted(front: GatewayProcess, source: str) -> None:
    """28 MB in one chunk, to an operation that takes 27."""
    size = 28 * MB
    chunk = f"{size:x}\r\n".encode() + b"x" * size
    headers = "Transfer-Encoding: chunked"
    assert_too_large(announced(front, source, "/api/v1/face-detection/detect", headers, body=chunk))


def test_501_mb_without_a_length_are_counted(front: GatewayProcess, source: str) -> None:
    """NGINX sees the size of a chunk in its head."""
    answer = announced(
        front, source, VIDEOS, "Transfer-Encoding: chunked", body=f"{501 * MB:x}\r\nv".encode()
    )
    assert_too_large(answer)


def test_501_mb_in_many_chunks_are_counted(
    front: GatewayProcess, recorder: RecordingUpstream, source: str
) -> None:
    head = f"POST {VIDEOS}?many HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {front.token()}\r\n"
    chunk = f"{len(PIECE):x}\r\n".encode() + PIECE + b"\r\n"
    with front.raw(source) as connection, Watched(front) as watched:
        connection.send(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        try:
            for _ in range(501 * MB // len(PIECE)):
                connection.send(chunk)
        except OSError:  # it answered and no longer reads
            pass
        assert_too_large(connection.answer())
    assert watched.files == 0
    assert recorder.requests("/api/v1/videos?many")[-1].body_bytes is None
