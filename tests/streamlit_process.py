"""The workbench in a process of its own, as ``streamlit run`` starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import pytest
from service_process import free_port

ROOT = Path(__file__).parents[1]
READY_TRIES = 300


@dataclass
class StreamlitProcess:
    """Starts the workbench, waits until it answers, and stops it; ``with`` can start it again on the same port.

    Args:
        folder: Holds its output.
        settings: By their full names.
    """

    folder: Path
    settings: Mapping[str, str]
    port: int = field(default_factory=free_port)

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "streamlit", "run", "workbench/app.py"]
        place = ["--server.address", "127.0.0.1", "--server.port", str(self.port)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **self.settings}
        with (self.folder / "workbench.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *place], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        self._wait_until_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """End it at once, as ``kill -9`` does."""
        self._process.kill()
        self._process.wait(20)

    def _wait_until_ready(self) -> None:
        with httpx.Client(trust_env=False) as client:
            for _ in range(READY_TRIES):
                try:
                    if client.get(f"{self.url}/_stcore/health").is_success:
                        return
                except httpx.TransportError:
                    pass
                try:
                    self._process.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue
                break
        pytest.fail(f"the workbench did not start (it ended with {self._process.poll()})")
