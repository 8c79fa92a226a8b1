"""A server that writes down what it is sent and answers as the request itself asks: for what a service receives.

What it can be asked for stands in ``recording_app.py``.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import recording_app
from recording_app import NAME
from service_process import free_port

START_LIMIT_S = 30
STOP_LIMIT_S = 20
POLL_S = 0.02

__all__ = ["NAME", "Recorded", "RecordingUpstream"]


@dataclass(frozen=True)
class Recorded:
    """A request as it arrived; ``body_bytes`` is None until all of it did."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body_bytes: int | None = None

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name.lower()]


@dataclass
class RecordingUpstream:
    """Starts the server in a process of its own and ends it.

    Args:
        folder: Holds its records and output.
    """

    folder: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, at the same port each time, and wait until it listens; nothing where it runs."""
        if self._process is not None:
            return
        command = [sys.executable, recording_app.__file__, str(self.port), str(self._records)]
        with (self.folder / "output.log").open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        limit = time.monotonic() + START_LIMIT_S
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > limit:
                raise AssertionError((self.folder / "output.log").read_text()[-2000:])
            time.sleep(POLL_S)

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_LIMIT_S)
            self._process = None

    def requests(self, text: str = "") -> list[Recorded]:
        """What came so far with ``text`` in its target, in order."""
        lines = self._records.read_text().splitlines() if self._records.exists() else []
        found: dict[int, dict[str, Any]] = {}
        for line in map(json.loads, lines):
            found.setdefault(line.pop("number"), {}).update(line)
        all_of_them = (
            Recorded(**{**entry, "headers": [(name, value) for name, value in entry["headers"]]})
            for entry in found.values()
        )
        return [one for one in all_of_them if text in one.target]

    @property
    def _records(self) -> Path:
        return self.folder / "requests.ndjson"

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
        except OSError:
            return False
        return True
