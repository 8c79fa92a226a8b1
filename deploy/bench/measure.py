"""Puts one server under every load, with the limit measured before and after each."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.bench.candidates import Candidate
from deploy.bench.limit import Limit
from deploy.bench.load import Generator, Sample, multipart, pooled
from deploy.bench.report import Row
from deploy.bench.servers import Server

AT_ONCE = (1, 8, 32, 128)
OPEN_SHARES = (0.5, 0.8, 2.0)
OPEN_WARM_UP_S = 3.0
SOAK_FIRST = 2_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often, and where files go."""

    seconds: float
    rounds: int
    folder: Path


class Bench:
    """One server, and what is sent to it."""

    def __init__(self, candidate: Candidate, server: Server, limit: Limit, image: bytes, plan: Plan) -> None:
        self._candidate = candidate
        self._server = server
        self._limit = limit
        self._plan = plan
        self._generator = Generator(plan.folder)
        self._body, headers = multipart("image", image, plan.folder)
        self._headers: Mapping[str, str] = {**headers, **candidate.headers}
        self._url = server.url + candidate.path

    def rows(self) -> Iterator[Row]:
        """Closed loops of growing concurrency, then fixed rates around the capacity that they show."""
        self._load(8, self._plan.seconds, None)  # warm
        closed = [self._row(connections, None) for connections in AT_ONCE]
        yield from closed
        capacity = max(row.rate for row in closed)
        for share in OPEN_SHARES:
            yield self._row(0, share * capacity, capacity)

    def soak(self, requests: int) -> tuple[float, float]:
        """Resident megabytes after the first requests and after all of them."""
        self._generator.send(self._url, self._body, self._headers, 32, SOAK_FIRST)
        early = self._server.resident() / 1e6
        self._generator.send(self._url, self._body, self._headers, 32, requests - SOAK_FIRST)
        return early, self._server.resident() / 1e6

    def _row(self, connections: int, rate: float | None, capacity: float | None = None) -> Row:
        samples: list[Sample] = []
        shares: list[float] = []
        slower: list[float] = []
        before, cpu = self._reference(connections), 0.0
        for _ in range(self._plan.rounds):
            used = self._server.cpu_seconds()
            sample = self._load(connections, self._plan.seconds, rate)
            cpu += self._server.cpu_seconds() - used
            after = self._reference(connections)
            samples.append(sample)
            shares.append(sample.rate / statistics.mean((before[0], after[0])))
            slower.append((sample.percentile(50) or 0.0) / statistics.mean((before[1], after[1])))
            before = after
        return self._described(pooled(samples), connections, rate, capacity, shares, slower, cpu)

    def _described(
        self,
        sample: Sample,
        connections: int,
        rate: float | None,
        capacity: float | None,
        shares: list[float],
        slower: list[float],
        cpu: float,
    ) -> Row:
        row = Row(
            server=self._candidate.name,
            version=self._candidate.version,
            connections=connections,
            wanted_rate=rate,
            rate=sample.rate,
            of_limit=statistics.median(shares),
            of_capacity=sample.rate / capacity if capacity else None,
            of_alone=statistics.median(slower) if connections == 1 else None,
            p50=sample.percentile(50),
            p95=sample.percentile(95),
            p99=sample.percentile(99),
            refused=sample.refused,
            errors=sample.errors,
            cpu_ms=cpu / max(1, sample.answered) * 1e3,
            resident_mb=self._server.resident() / 1e6,
        )
        print(f"  {row.line()}", flush=True)
        return row

    def _reference(self, connections: int) -> tuple[float, float]:
        """Images a second of the limit and milliseconds of one image alone, at this moment."""
        seconds = max(1.0, self._plan.seconds / 3)
        return self._limit.rate(seconds), self._limit.alone(seconds) if connections == 1 else 1.0

    def _load(self, connections: int, seconds: float, rate: float | None) -> Sample:
        sent = (self._url, self._body, self._headers)
        if rate is None:
            sample = self._generator.run(*sent, connections, seconds)
        else:
            sample = self._generator.run_open(*sent, rate, seconds, OPEN_WARM_UP_S)
        self._server.settle()  # what the generator left behind would slow down the loop that comes next
        return sample
