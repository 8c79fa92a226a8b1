"""The process behind RecordingUpstream; it imports little, so that it starts at once.

Headers of a request that steer it: ``X-Answer-Status``, ``X-Answer-Headers`` (a JSON object), ``X-Answer-Body``,
``X-Answer-After-S`` (seconds before the answer) and ``X-Read-Pause-S`` (seconds between two pieces of the body).
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import uvicorn

KEEP_ALIVE_S = 75
NAME = "X-Upstream"
"""Header of its answers: which of several it is."""


class _Application:
    def __init__(self, records: Path, name: str) -> None:
        self._name = name
        self._file = records.open("a", buffering=1)
        self._numbers = count(time.monotonic_ns())  # a server that was started again adds to the same file

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        number = next(self._numbers)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        target = (
            scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        ).decode()
        self._write(number=number, method=scope["method"], target=target, headers=headers)
        wishes = dict(headers)
        size = await _read(receive, float(wishes.get("x-read-pause-s", 0)))
        if size is None:
            return
        self._write(number=number, body_bytes=size)
        await asyncio.sleep(float(wishes.get("x-answer-after-s", 0)))
        await self._answer(wishes, send)

    def _write(self, **entry: object) -> None:
        self._file.write(json.dumps(entry) + "\n")

    async def _answer(self, wishes: Mapping[str, str], send: Any) -> None:
        headers = {"content-type": "application/json", NAME: self._name}
        headers.update(json.loads(wishes.get("x-answer-headers", "{}")))
        body = wishes.get("x-answer-body", '{"success": true}').encode()
        await send(
            {
                "type": "http.response.start",
                "status": int(wishes.get("x-answer-status", 200)),
                "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            }
        )
        await send({"type": "http.response.body", "body": body})


async def _read(receive: Any, pause_s: float) -> int | None:
    """Bytes of the body; None where the other side went away before its end."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
        if pause_s:
            await asyncio.sleep(pause_s)
    return size


def _serve(port: int, records: Path) -> None:
    uvicorn.run(
        _Application(records, str(port)),
        host="127.0.0.1",
        port=port,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
    )


if __name__ == "__main__":
    _serve(int(sys.argv[1]), Path(sys.argv[2]))
