"""A real MLflow server of the tests' own, which they may stop and start again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psutil
from service_process import free_port

ANSWER_LIMIT_S = 120
STOP_LIMIT_S = 20
POLL_S = 0.1
QUIET: Mapping[str, str] = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}
"""It reports to its makers and starts a pool of further processes unless it is told not to."""


@dataclass
class MlflowServer:
    """Starts ``mlflow server`` with one worker on a SQLite file, waits until it answers, and ends it.

    Clients fetch and store artifacts through it; ``stop`` keeps what it holds.

    Args:
        folder: Holds its database, its artifacts and its output; made where there is none.
    """

    folder: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> Path:
        return self.folder / "mlflow.log"

    def start(self) -> None:
        """Start, at the same port each time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.folder,
                env=_environment(self.folder),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it and what it started, by force after a while."""
        if self._process is None:
            return
        process, self._process = self._process, None
        started = _with_children(process.pid)
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_LIMIT_S)
        for left in psutil.wait_procs(started, timeout=1)[1]:
            with suppress(psutil.NoSuchProcess):
                left.kill()
        process.wait(STOP_LIMIT_S)

    def _command(self) -> list[str]:
        stores = [
            "--backend-store-uri",
            f"sqlite:///{self.folder / 'mlflow.sqlite'}",
            "--serve-artifacts",
            "--artifacts-destination",
            str(self.folder / "artifacts"),
        ]
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        return [sys.executable, "-m", "mlflow", "server", *stores, *where]

    def _wait_until_it_answers(self) -> None:
        limit = time.monotonic() + ANSWER_LIMIT_S
        assert self._process is not None
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > limit:
                told = self.output.read_text(errors="replace")[-4000:]
                raise AssertionError(f"mlflow server does not answer\n{told}")
            time.sleep(POLL_S)

    def _answers(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.uri}/health", timeout=5).status_code == httpx.codes.OK
        return False


def _environment(home: Path) -> dict[str, str]:
    """Nothing that a developer's machine or this project tells MLflow."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "_MLFLOW_"))}
    return kept | QUIET | {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}


def _with_children(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []
