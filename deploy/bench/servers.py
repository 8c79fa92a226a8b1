"""Starts a server, measures what its processes take, and ends all of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from deploy.bench.load import BenchFailed
from deploy.local.stack import MARK, ROOT
from deploy.local.supervisor import marked, stop_marked

START_S = 120
SETTLE_S = 20
SETTLE_STEP_S = 0.4
IDLE_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Server:
    """One server under load."""

    name: str
    url: str
    mark: str

    def cpu_seconds(self) -> float:
        """CPU time of all of its processes so far, the dead ones left out."""
        return sum(_cpu(process) for process in marked(self.mark))

    def settle(self, limit_s: float = SETTLE_S) -> None:
        """Wait until all processes are idle, at most for a while."""
        deadline = time.monotonic() + limit_s
        used = self.cpu_seconds()
        while time.monotonic() < deadline:
            time.sleep(SETTLE_STEP_S)
            used, before = self.cpu_seconds(), used
            if used - before < SETTLE_STEP_S * IDLE_SHARE:
                return

    def resident(self) -> int:
        """Resident bytes of all of its processes, shared pages counted once."""
        return sum(_pss(process) for process in marked(self.mark))


@contextmanager
def serving(
    name: str, command: Sequence[str], base: str, ready: str, settings: Mapping[str, str | None], log: Path
) -> Iterator[Server]:
    """A server that runs inside the block; a setting that is None is absent there.

    Raises:
        BenchFailed: It was not ready in time; the message ends with its output.
    """
    mark = uuid.uuid4().hex
    wanted = {**os.environ, **settings, MARK: mark, "PYTHONPATH": str(ROOT)}
    environment = {setting: value for setting, value in wanted.items() if value is not None}
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(name, base + ready, child, log)
        yield Server(name, base, mark)
    finally:
        child.terminate()
        stop_marked(mark)
        child.wait()


def _wait(name: str, address: str, child: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and child.poll() is None:
        try:
            if httpx.get(address, timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    raise BenchFailed(f"{name} did not start: {log.read_text(errors='replace')[-600:]}")


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
        return float(times.user + times.system)
    except psutil.Error:
        return 0.0


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0
