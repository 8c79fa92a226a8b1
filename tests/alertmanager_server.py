"""A real Alertmanager of the tests' own, with the project's configuration and none of the addresses that it names."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pytest
from service_process import free_port

CONFIG = Path(__file__).parents[1] / "deploy" / "alertmanager" / "alertmanager.yml"
READY_LIMIT_S = 30
STOP_LIMIT_S = 20
POLL_S = 0.05


@dataclass
class AlertmanagerServer:
    """Starts ``alertmanager``, waits until it is ready, and ends it.

    Args:
        folder: Holds its data and output.
    """

    folder: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    def __enter__(self) -> Self:
        binary = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
        if binary is None:
            pytest.skip("Alertmanager is not installed")
        self.folder.mkdir(parents=True, exist_ok=True)
        data = f"--storage.path={self.folder / 'data'}"
        place = [f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address="]
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [binary, f"--config.file={CONFIG}", data, *place], stdout=output, stderr=subprocess.STDOUT
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> Path:
        return self.folder / "alertmanager.log"

    def tell(self, *alerts: dict[str, str]) -> None:
        """Say that alerts with these labels fire."""
        body = [{"labels": labels} for labels in alerts]
        httpx.post(f"{self.url}/api/v2/alerts", json=body, trust_env=False, timeout=10).raise_for_status()

    def alerts(self) -> dict[str, dict[str, Any]]:
        """Those that it holds, by their names."""
        found = httpx.get(f"{self.url}/api/v2/alerts", trust_env=False, timeout=10).json()
        return {alert["labels"]["alertname"]: alert for alert in found}

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                raise
            self._process = None

    def _wait_until_ready(self) -> None:
        limit = time.monotonic() + READY_LIMIT_S
        assert self._process is not None
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > limit:
                pytest.fail(f"Alertmanager does not get ready\n{self.output.read_text()[-4000:]}")
            time.sleep(POLL_S)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready", trust_env=False, timeout=5).status_code == 200
        except httpx.TransportError:
            return False
