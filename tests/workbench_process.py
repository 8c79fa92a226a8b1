"""The workbench in a process of its own, as it is started in production."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from service_process import ServiceProcess, free_port

ROOT = Path(__file__).parents[1]
READY_TRIES = 300


@dataclass(frozen=True)
class Workbench:
    """A running workbench and the file that its token comes from."""

    url: str
    token_file: Path


@contextmanager
def workbench_process(service: ServiceProcess, folder: Path) -> Iterator[Workbench]:
    bench = Workbench(f"http://127.0.0.1:{free_port()}", folder / "token")
    bench.token_file.write_text(service.token())
    command = [sys.executable, "-m", "streamlit", "run", "workbench/app.py"]
    place = ["--server.address", "127.0.0.1", "--server.port", str(urlsplit(bench.url).port)]
    settings = {
        "FACESOCIAL_PORT_BASE": str(service.port_base),
        "FACESOCIAL_WORKBENCH_TOKEN_FILE": str(bench.token_file),
        "PYTHONPATH": str(ROOT),
    }
    with (folder / "workbench.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *place], cwd=ROOT, env={**os.environ, **settings}, stdout=log, stderr=log
        )
    try:
        _wait_until_ready(process, bench.url)
        yield bench
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_ready(process: subprocess.Popen[bytes], url: str) -> None:
    with httpx.Client(trust_env=False) as client:
        for _ in range(READY_TRIES):
            try:
                if client.get(f"{url}/_stcore/health").is_success:
                    return
            except httpx.TransportError:
                pass
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            break
    pytest.fail(f"the workbench did not start (it ended with {process.poll()})")
