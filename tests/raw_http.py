"""Requests byte by byte, over TLS: for what no well-behaved client sends."""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

LIMIT_S = 30


@dataclass(frozen=True)
class RawAnswer:
    """An answer with all its headers, in order, names in lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name]


class RawConnection:
    """A connection to ``port`` of this machine.

    Args:
        context: None: plain, without TLS.
        source: Address to come from; all of 127.0.0.0/8 is this machine.
    """

    def __init__(self, port: int, context: ssl.SSLContext | None, source: str = "127.0.0.1") -> None:
        plain = socket.create_connection(("127.0.0.1", port), LIMIT_S, (source, 0))
        self._socket = context.wrap_socket(plain, server_hostname="localhost") if context else plain

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    @property
    def protocol(self) -> str | None:
        """What was agreed on by ALPN."""
        return self._socket.selected_alpn_protocol() if isinstance(self._socket, ssl.SSLSocket) else None

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def receive(self, size: int) -> bytes:
        """At most so many bytes, as they come; empty where the other side closed."""
        return self._socket.recv(size)

    def answer(self, method: str = "GET") -> RawAnswer:
        """The next answer.

        Raises:
            http.client.HTTPException, OSError: The other side closed without one.
        """
        found: Any = http.client.HTTPResponse(self._socket, method=method)
        found.begin()
        headers = [(name.lower(), value) for name, value in found.getheaders()]
        return RawAnswer(found.status, headers, found.read())
