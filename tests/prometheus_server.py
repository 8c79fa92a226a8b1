"""A real Prometheus of the tests' own, with the project's configuration and rules, that asks every second."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pytest
import yaml
from service_process import free_port

from deploy.prometheus.local import Target, write

READY_LIMIT_S = 30
STOP_LIMIT_S = 20
POLL_S = 0.05
QUICK = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}


@dataclass
class PrometheusServer:
    """Starts ``prometheus``, waits until it is ready, and ends it.

    Args:
        folder: Holds its configuration, data and output.
        targets: What it scrapes, beside itself.
    """

    folder: Path
    targets: Sequence[Target]
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    def __enter__(self) -> Self:
        binary = shutil.which("prometheus")
        if binary is None:
            pytest.skip("prometheus is not installed")
        itself = Target("prometheus", "prometheus", f"127.0.0.1:{self.port}")
        config = write(self.folder, [*self.targets, itself])
        changed = yaml.safe_load(config.read_text())
        changed["global"] |= QUICK
        config.write_text(yaml.safe_dump(changed))
        place = f"--web.listen-address=127.0.0.1:{self.port}"
        command = [binary, f"--config.file={config}", f"--storage.tsdb.path={self.folder / 'data'}", place]
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                command, cwd=self.folder, stdout=output, stderr=subprocess.STDOUT
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
    def output(self) -> Path:
        return self.folder / "prometheus.log"

    def values(self, expression: str) -> list[float]:
        """What an expression comes to at this moment, for each of its series."""
        answer = self._get("query", query=expression)
        if answer["resultType"] == "scalar":
            return [float(answer["result"][1])]
        return [float(series["value"][1]) for series in answer["result"]]

    def rules(self) -> list[dict[str, Any]]:
        """All rules as they went the last time."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def targets_of(self, job: str) -> list[dict[str, Any]]:
        """The active targets of a job."""
        found = self._get("targets", state="active")["activeTargets"]
        return [target for target in found if target["labels"]["job"] == job]

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

    def _get(self, what: str, **parameters: str) -> Any:
        url = f"http://127.0.0.1:{self.port}/api/v1/{what}"
        body = httpx.get(url, params=parameters, trust_env=False, timeout=20).json()
        assert body["status"] == "success", f"{parameters}: {body.get('error')}"
        return body["data"]

    def _wait_until_ready(self) -> None:
        limit = time.monotonic() + READY_LIMIT_S
        assert self._process is not None
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > limit:
                pytest.fail(f"prometheus does not get ready\n{self.output.read_text()[-4000:]}")
            time.sleep(POLL_S)

    def _is_ready(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self.port}/-/ready"
            return httpx.get(url, trust_env=False, timeout=5).status_code == 200
        except httpx.TransportError:
            return False
