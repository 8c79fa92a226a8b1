"""A real Redis of the tests' own, which they may stop, pause and start again."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from service_process import free_port

ANSWER_LIMIT_S = 20
STOP_LIMIT_S = 20
POLL_S = 0.02


@dataclass
class RedisServer:
    """Starts ``redis-server`` without persistence, waits until it answers, and ends it.

    Args:
        folder: Holds its output and nothing else.
        options: Further arguments of ``redis-server``.
    """

    folder: Path
    options: Sequence[str] = ()
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    @property
    def output(self) -> Path:
        return self.folder / "redis.log"

    def start(self) -> None:
        """Start, at the same port each time; skip the test where there is no Redis on this machine."""
        binary = shutil.which("redis-server")
        if binary is None:
            pytest.skip("redis-server is not installed")
        own = ("--bind", "127.0.0.1", "--port", f"{self.port}", "--save", "", "--dir", f"{self.folder}")
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [binary, *own, *self.options], stdout=output, stderr=subprocess.STDOUT
            )
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it at once, also where it is paused; what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_LIMIT_S)
            self._process = None

    def pause(self) -> None:
        """Leave its connections open and answer nobody."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _wait_until_it_answers(self) -> None:
        limit = time.monotonic() + ANSWER_LIMIT_S
        assert self._process is not None
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > limit:
                pytest.fail(f"redis-server does not answer\n{self.output.read_text()[-2000:]}")
            time.sleep(POLL_S)

    def _answers(self) -> bool:
        """Whether anything comes back, be it that a password is missing."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), ANSWER_LIMIT_S) as connection:
                connection.sendall(b"PING\r\n")
                return bool(connection.recv(1))
        except OSError:
            return False
