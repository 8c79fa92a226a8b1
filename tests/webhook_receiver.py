"""A host that is told of jobs: a real HTTP or HTTPS server, polite or not."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

Answer = Callable[["Handler"], None]


@dataclass(frozen=True)
class Told:
    path: str
    headers: Mapping[str, str]
    body: bytes


def status(code: int, **headers: str) -> Answer:
    """Answers with a status and nothing else."""

    def answer(handler: Handler) -> None:
        handler.send_response(code)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()

    return answer


NO_CONTENT = status(204)


def silent(handler: Handler) -> None:
    """Takes the request and never answers."""
    handler.over.wait(30)


def dripping(handler: Handler) -> None:
    """A byte of a header now and then: each comes in time, all of them never."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not handler.over.wait(0.1):
        handler.wfile.write(b"x")
        handler.wfile.flush()


def endless(handler: Handler) -> None:
    """A body without end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not handler.over.is_set():
        handler.sent += handler.wfile.write(b"x" * 65_536)


class Handler(BaseHTTPRequestHandler):
    receiver: Receiver
    sent: int = 0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.receiver.told.append(Told(self.path, dict(self.headers), body))
        try:
            self.receiver.answer(self)
        except OSError:  # the caller has left
            self.receiver.left.set()
        self.receiver.sent += self.sent
        self.close_connection = True

    @property
    def over(self) -> threading.Event:
        return self.receiver.over

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Receiver:
    """Serves on 127.0.0.1 at a port of its own; with a certificate and its key HTTPS."""

    answer: Answer = NO_CONTENT
    pair: tuple[Path, Path] | None = None
    told: list[Told] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)
    sent: int = 0

    def __enter__(self) -> Self:
        handler = type("OwnHandler", (Handler,), {"receiver": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        if self.pair is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.pair)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def wait(self, count: int, limit_s: float = 20) -> None:
        """Until it was told so often."""
        limit = time.monotonic() + limit_s
        while len(self.told) < count:
            assert time.monotonic() < limit, f"told {len(self.told)} times"
            time.sleep(0.02)
