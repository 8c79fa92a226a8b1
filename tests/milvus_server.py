"""Milvus Lite as a server for several clients: the same protocol as a Milvus server, in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from service_process import free_port

READY_LIMIT_S = 60.0
STOP_LIMIT_S = 20.0
POLL_S = 0.1


@dataclass
class MilvusServer:
    """Serves a folder on a port of this machine; may be stopped and started again on the same port.

    One worker takes one call at a time: with more of them Milvus Lite is not safe for two writers, and a search
    during the writing of a segment misses rows and finds deleted ones.
    """

    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "output.log").open("ab") as output:
            self._process = subprocess.Popen(self._command(), stdout=output, stderr=subprocess.STDOUT)
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop as Ctrl-C does, which also writes what is in memory; by force after a while."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _command(self) -> list[str]:
        data = str(self.folder / "data")
        where = ["--data-dir", data, "--host", "127.0.0.1", "--port", str(self.port)]
        return [sys.executable, "-m", "milvus_lite", "server", *where, "--max-workers", "1"]

    def _wait_until_it_answers(self) -> None:
        from pymilvus import MilvusClient
        from pymilvus.exceptions import MilvusException

        limit = time.monotonic() + READY_LIMIT_S
        while True:
            try:
                MilvusClient(uri=self.uri, timeout=1, dedicated=True).close()
                return
            except MilvusException as error:
                if self._process.poll() is not None or time.monotonic() > limit:
                    told = (self.folder / "output.log").read_text(errors="replace")[-2000:]
                    raise AssertionError(f"Milvus Lite does not answer\n{told}") from error
            time.sleep(POLL_S)
