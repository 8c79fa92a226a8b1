"""Identifying under load, in turns with embedding the same picture."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.bench.gallery_client import NEAREST, GalleryClient
from deploy.bench.gallery_report import GalleryLoad, Timing
from deploy.bench.load import Generator, Sample, multipart, pooled
from deploy.bench.measure import Plan
from deploy.bench.servers import Server

TINY = 1e-9
Form = tuple[Path, Mapping[str, str]]
"""A body on disk, and its headers."""


class Loads:
    """One picture, for both operations.

    Raises:
        BenchFailed: The load generator is not installed.
    """

    def __init__(self, image: bytes, plan: Plan) -> None:
        self._plan = plan
        self._generator = Generator(plan.folder)
        self._embed = multipart("image", image, plan.folder)
        self._identify = multipart("image", image, plan.folder, NEAREST, "identify.bin")

    def measure(self, server: Server, client: GalleryClient, connections: int) -> GalleryLoad:
        """Round by round, so that both meet the same moments of a shared machine."""
        embed, identify = Turns(), Turns()
        for _ in range(self._plan.rounds):
            embed.add(*self._load(server, client, "/embed", self._embed, connections))
            path = f"{client.path}/identify"
            identify.add(*self._load(server, client, path, self._identify, connections))
        both = pooled([*embed.samples, *identify.samples])
        pairs = zip(identify.samples, embed.samples, strict=True)
        return GalleryLoad(
            connections=connections,
            identify=identify.timing(),
            embed=embed.timing(),
            of_embed=statistics.median(found.rate / max(beside.rate, TINY) for found, beside in pairs),
            refused=both.refused,
            errors=both.errors,
        )

    def _load(
        self, server: Server, client: GalleryClient, path: str, form: Form, connections: int
    ) -> tuple[Sample, float]:
        body, headers = form
        sent, used = {**headers, **client.headers}, server.cpu_seconds()
        sample = self._generator.run(client.url + path, body, sent, connections, self._plan.seconds)
        server.settle()
        return sample, server.cpu_seconds() - used


@dataclass(slots=True)
class Turns:
    """What came of one operation so far, and CPU seconds of the server."""

    samples: list[Sample] = field(default_factory=list)
    cpu_s: float = 0.0

    def add(self, sample: Sample, cpu_s: float) -> None:
        """One more turn."""
        self.samples.append(sample)
        self.cpu_s += cpu_s

    def timing(self) -> Timing:
        """All turns as one."""
        return Timing.of(pooled(self.samples), self.cpu_s)
