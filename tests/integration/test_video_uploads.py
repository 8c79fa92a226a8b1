"""Uploads to the running service: large ones, hostile ones, and what stays of them."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from typing import Any

import pytest
from integration.galleries import API, Caller
from integration.videos import FORM, LIMIT_S, PIECE, Memory, nothing_stays, pieces, refused, uploads

MB = 1_000_000
TEXT = b"MZ this is a renamed text file, not a video\n" * 100


@pytest.mark.parametrize(
    ("kwargs", "status", "code"),
    [
        ({"files": {"video": ("holiday.mp4", TEXT, "video/mp4")}}, 400, "INVALID_REQUEST"),
        ({"files": {"video": ("empty.mp4", b"")}}, 400, "INVALID_REQUEST"),
        ({"files": {"image": ("a.mp4", TEXT)}}, 400, "INVALID_REQUEST"),
        ({"files": [("video", TEXT), ("video", TEXT)]}, 400, "INVALID_REQUEST"),
        ({"files": {"video": TEXT}, "data": {"sample_fps": "99"}}, 400, "INVALID_REQUEST"),
        ({"files": {"video": TEXT}, "data": {"colour": "red"}}, 400, "INVALID_REQUEST"),
        ({"files": {"video": TEXT}, "data": {"webhook_url": "https://example.com/"}}, 400, "INVALID_REQUEST"),
        ({"data": {"video": "text"}}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"json": {"video": "aGVsbG8="}}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content": b"\x00"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content": TEXT, "headers": {"Content-Type": "multipart/form-data"}}, 400, "INVALID_REQUEST"),
        ({"content": TEXT, "headers": FORM}, 400, "INVALID_REQUEST"),
        ({"content": b"--x\r\n", "headers": FORM}, 400, "INVALID_REQUEST"),
    ],
)
def test_what_is_no_video_is_refused_and_leaves_nothing(
    embedded_videos: Caller, kwargs: Mapping[str, Any], status: int, code: str
) -> None:
    with nothing_stays(embedded_videos.service):
        refused(embedded_videos.call("POST", "/videos", **kwargs), status, code)
    assert embedded_videos.data("GET", "/jobs")["jobs"] == []


@pytest.mark.parametrize("declared", [True, False])
def test_half_a_gigabyte_takes_no_memory(embedded_videos: Caller, declared: bool) -> None:
    size = 450 * MB
    length = sum(map(len, pieces(0))) + size // PIECE * PIECE
    headers = FORM | ({"Content-Length": str(length)} if declared else {})
    with nothing_stays(embedded_videos.service), Memory(embedded_videos.service) as memory:
        answer = embedded_videos.call("POST", "/videos", content=pieces(size), headers=headers)
        seen = memory.largest - memory.first
    refused(answer, 400, "INVALID_REQUEST")
    print(f"450 MB: {seen / MB:.1f} MB more memory in {memory.looks} looks")
    assert memory.looks > 5
    assert seen < 60 * MB


def test_whoever_leaves_in_the_middle_leaves_nothing(embedded_videos: Caller) -> None:
    before = uploads(embedded_videos.service)
    token = embedded_videos.service.token("operator", tenant=embedded_videos.tenant)
    head = (
        f"POST {API}/videos HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {FORM['Content-Type']}\r\nContent-Length: 100000000\r\n\r\n"
    )
    address = ("127.0.0.1", embedded_videos.service.port)
    with nothing_stays(embedded_videos.service), socket.create_connection(address, LIMIT_S) as connection:
        connection.sendall(head.encode() + b"".join(pieces(3 * MB, closed=False)))
        deadline = time.monotonic() + LIMIT_S
        while uploads(embedded_videos.service) == before:
            assert time.monotonic() < deadline, "the upload never began"
            time.sleep(0.02)
    assert embedded_videos.data("GET", "/jobs")["jobs"] == []
