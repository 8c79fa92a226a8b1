"""Runs the load generator (h2load of nghttp2, over HTTP/1.1) and reads what it measured."""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from models.errors import FaceSocialError

BOUNDARY = "facesocial-bench"
REFUSED = ("429", "503")


class BenchFailed(FaceSocialError):
    """The bench cannot run here; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What came back in one span of time.

    Attributes:
        seconds: Length of the span.
        times_ms: Of each successful answer.
        refused: Answers 429 and 503.
        errors: All other answers, and connections that broke.
        answered: Successful answers before, in and after the span.
    """

    seconds: float
    times_ms: Sequence[float]
    refused: int
    errors: int
    answered: int

    @property
    def rate(self) -> float:
        """Successful answers a second."""
        return len(self.times_ms) / self.seconds

    def percentile(self, percent: float) -> float | None:
        """Milliseconds within which so many of the successful answers came."""
        return float(np.percentile(self.times_ms, percent)) if self.times_ms else None


def pooled(samples: Sequence[Sample]) -> Sample:
    """Several spans as one."""
    return Sample(
        sum(sample.seconds for sample in samples),
        [value for sample in samples for value in sample.times_ms],
        sum(sample.refused for sample in samples),
        sum(sample.errors for sample in samples),
        sum(sample.answered for sample in samples),
    )


class Generator:
    """h2load, sending one body again and again.

    Args:
        folder: For its log.

    Raises:
        BenchFailed: It is not installed.
    """

    def __init__(self, folder: Path) -> None:
        if shutil.which("h2load") is None:
            raise BenchFailed("The load generator is missing: apt-get install nghttp2-client (h2load).")
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "h2load.log"

    def run(
        self,
        url: str,
        body: Path,
        headers: Mapping[str, str],
        connections: int,
        seconds: float,
        warm_up: float = 0.5,
    ) -> Sample:
        """Closed loop: so many connections, each with the next request as soon as the last is answered.

        What is answered in the first ``warm_up`` seconds is not counted.
        """
        duration = f"--duration={round((seconds + warm_up) * 1e3)}ms"
        self._call(url, body, headers, connections, [duration])
        return read_log(self._log.read_text().splitlines(), warm_up, seconds)

    def run_open(
        self,
        url: str,
        body: Path,
        headers: Mapping[str, str],
        rate: float,
        seconds: float,
        warm_up: float,
    ) -> Sample:
        """Open loop: so many requests a second, each on a connection of its own, whatever became of the others."""
        together = math.ceil(rate / 100)
        period_ms = max(1, round(together / rate * 1e3))
        count = round((seconds + warm_up) / period_ms * 1e3) * together
        pace = [f"--rate={together}", f"--rate-period={period_ms}ms", f"--requests={count}"]
        self._call(url, body, headers, count, pace)
        return read_log(self._log.read_text().splitlines(), warm_up, seconds)

    def send(self, url: str, body: Path, headers: Mapping[str, str], connections: int, count: int) -> None:
        """Send so many requests."""
        self._call(url, body, headers, connections, [f"--requests={count}"])

    def _call(
        self, url: str, body: Path, headers: Mapping[str, str], connections: int, how: Sequence[str]
    ) -> None:
        self._log.unlink(missing_ok=True)
        named = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
        fixed = ["h2load", "--h1", "--threads=1", f"--data={body}", f"--log-file={self._log}"]
        command = [*fixed, f"--clients={connections}", *how, *named, url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
        if done.returncode or not self._log.exists():
            raise BenchFailed(f"The load generator failed: {(done.stderr or done.stdout).strip()[-300:]}")


def read_log(lines: Iterable[str], skip_s: float, seconds: float) -> Sample:
    """h2load's log: start in microseconds, status, duration in microseconds of each request, tab by tab."""
    rows = [(int(start), status, int(taken)) for start, status, taken in (line.split() for line in lines)]
    begin = min((start for start, _, _ in rows), default=0) + skip_s * 1e6
    inside = [(status, taken) for start, status, taken in rows if 0 <= start + taken - begin < seconds * 1e6]
    good = [taken / 1e3 for status, taken in inside if status == "200"]
    refused = sum(status in REFUSED for status, _ in inside)
    answered = sum(status == "200" for _, status, _ in rows)
    return Sample(seconds, good, refused, len(inside) - len(good) - refused, answered)


def multipart(
    field: str,
    image: bytes,
    folder: Path,
    options: Mapping[str, str] = MappingProxyType({}),
    name: str = "body.bin",
) -> tuple[Path, dict[str, str]]:
    """A form with one image and options beside it as a file on disk, and its headers."""
    parts = [_part(f'name="{key}"', value.encode()) for key, value in options.items()]
    parts.append(_part(f'name="{field}"; filename="image.jpg"\r\nContent-Type: image/jpeg', image))
    path = folder / name
    path.write_bytes(b"".join(parts) + f"--{BOUNDARY}--\r\n".encode())
    return path, {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def _part(what: str, content: bytes) -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {what}\r\n\r\n".encode() + content + b"\r\n"
