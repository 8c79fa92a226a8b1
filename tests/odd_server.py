"""A server that answers whatever a test wants, in whatever way."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

Answer = Callable[["Handler"], None]


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict[str, str]


def answer(body: bytes = b"", status: int = 200, **headers: str) -> Answer:
    """A whole answer."""

    def send(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return send


def silent(handler: Handler) -> None:
    """Takes the request and never answers."""
    handler.over.wait(60)


def dripping(handler: Handler) -> None:
    """A byte of a header now and then: each comes in time, all of them never."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not handler.over.wait(0.05):
        handler.wfile.write(b"x")


def trickling(handler: Handler) -> None:
    """A byte of a body now and then."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not handler.over.wait(0.05):
        handler.wfile.write(b"x")


def endless(handler: Handler) -> None:
    """A body without end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not handler.over.is_set():
        handler.server_of.sent += handler.wfile.write(b"x" * 65_536)


def broken_off(handler: Handler) -> None:
    """Less than was announced."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 10)


class Handler(BaseHTTPRequestHandler):
    server_of: OddServer

    def do_GET(self) -> None:
        self.server_of.asked.append(Asked(self.path, dict(self.headers)))
        try:
            self.server_of.answer(self)
        except OSError:  # the caller has left
            self.server_of.left.set()
        self.close_connection = True

    @property
    def over(self) -> threading.Event:
        return self.server_of.over

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class OddServer:
    """Serves on 127.0.0.1 at a port of its own; with ``pair``, a certificate and its key, HTTPS."""

    answer: Answer
    pair: tuple[Path, Path] | None = None
    asked: list[Asked] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)
    sent: int = 0

    def __enter__(self) -> Self:
        handler = type("OwnHandler", (Handler,), {"server_of": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        if self.pair is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.pair)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
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

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}" if self.pair is None else f"https://localhost:{self.port}"
