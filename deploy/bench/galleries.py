"""Galleries of many faces: how fast they come in, how exactly and how fast one is found."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deploy.bench.bare_index import BareInsert, measure_bare
from deploy.bench.candidates import own
from deploy.bench.gallery_client import GalleryClient, probes_of
from deploy.bench.gallery_faces import Faces, subject_of
from deploy.bench.gallery_load import Loads
from deploy.bench.gallery_report import GalleryRow
from deploy.bench.measure import Plan
from deploy.bench.servers import Server, serving
from deploy.bench.state import own_state, size_of
from models.catalogue.card import Task

PROBES = 200
LEAST = 1_000
"""Faces of a collection: 200 of them are planted."""
AT_ONCE = (1, 8)
SETTLE_LIMIT_S = 3_600.0
SCANS = 11


@dataclass(frozen=True, slots=True)
class GalleryService:
    """A recognition service on empty stores of its own, and an empty collection in it."""

    server: Server
    client: GalleryClient
    state: Path


@dataclass(frozen=True, slots=True)
class Filled:
    """Seconds of the requests, seconds from the last answer until the service was idle, CPU seconds of both."""

    seconds: float
    settle_s: float
    cpu_s: float


@contextmanager
def gallery_service(folder: Path, port: int) -> Iterator[GalleryService]:
    """It runs inside the block; its state is removed after.

    Raises:
        BenchFailed: It does not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    candidate = own(Task.FACE_RECOGNITION, "process", port, folder, role="operator")
    base, state = f"http://127.0.0.1:{port}", folder / "gallery"
    with own_state(state) as stores:
        settings = {**stores, **candidate.settings}
        log = folder / "gallery.log"
        with (
            serving("gallery", candidate.command, base, candidate.ready, settings, log) as server,
            GalleryClient(base, candidate.headers) as client,
        ):
            yield GalleryService(server, client, state)


class GalleryBench:
    """An empty collection, to be filled and asked.

    Args:
        service: Where it is.
        first: The picture of the loads; it is looked for too.
        faces: How many there will be.
        probes: How many faces to look for, at least.
    """

    def __init__(self, service: GalleryService, first: bytes, faces: int, probes: int = PROBES) -> None:
        self._service = service
        self._client = service.client
        self._probes = probes_of(service.client, first, probes)
        self._looked_for = np.concatenate([probe.embeddings for probe in self._probes])
        self.faces = Faces(faces, self._looked_for)

    @property
    def probes(self) -> int:
        """How many faces are looked for."""
        return len(self._looked_for)

    def bare(self, folder: Path) -> BareInsert:
        """The same vectors into an index without HTTP and database."""
        return measure_bare(self.faces.vectors, folder)

    def fill(self) -> Filled:
        """Import everything and wait until the service is idle."""
        used = self._service.server.cpu_seconds()
        files = self.faces.files(self._client.info)
        seconds = sum(self._client.bring_in(lines, count) for lines, count in files)
        started = time.perf_counter()
        self._service.server.settle(SETTLE_LIMIT_S)
        settle_s = time.perf_counter() - started
        return Filled(seconds, settle_s, self._service.server.cpu_seconds() - used)

    def recall(self, gone: Sequence[int] = ()) -> float:
        """Share of the faces whose best match is the exact nearest one; ``gone`` are rows that were erased."""
        best = self.faces.best(self._looked_for, gone).tolist()
        answers = [self._client.identify(probe.image) for probe in self._probes]
        found = [(face.matches, answer.threshold) for answer in answers for face in answer.faces]
        asked = zip(self._looked_for, best, found, strict=True)
        return statistics.fmean(self.faces.is_right(vector, near, *answer) for vector, near, answer in asked)

    def erase_planted(self) -> float:
        """Erase the second photographs; median milliseconds of one."""
        return statistics.median(self._client.erase(subject_of(row)) for row in self.faces.planted) * 1e3

    def scan_ms(self) -> float:
        """Median milliseconds of one exact search in memory."""
        return statistics.median(self._scan_s() for _ in range(SCANS)) * 1e3

    def _scan_s(self) -> float:
        started = time.perf_counter()
        np.argmax(self.faces.vectors @ self._looked_for[0])
        return time.perf_counter() - started


def measure_gallery(count: int, image: bytes, plan: Plan, port: int) -> GalleryRow:
    """Start the service, fill a collection of so many faces and ask it.

    Raises:
        BenchFailed: The service does not start, or answers with an error; the load generator is missing.
    """
    loads = Loads(image, plan)
    with gallery_service(plan.folder, port) as service:
        print(f"gallery of {count:,} faces", flush=True)
        bench = GalleryBench(service, image, count)
        before, filled, after = bench.bare(plan.folder), bench.fill(), bench.bare(plan.folder)
        bare = BareInsert.mean([before, after])
        print(f"  {count / filled.seconds:,.0f} vectors/s, bare {count / bare.seconds:,.0f}", flush=True)
        disk, planted = size_of(service.state), bench.recall()
        measured = [loads.measure(service.server, service.client, connections) for connections in AT_ONCE]
        resident, erase_ms = service.server.resident(), bench.erase_planted()
        row = GalleryRow(
            faces=count,
            dimension=bench.faces.vectors.shape[1],
            insert_rate=count / filled.seconds,
            bare_rate=count / bare.seconds,
            of_bare=bare.seconds / filled.seconds,
            settle_s=filled.settle_s,
            bare_settle_s=bare.settle_s,
            cpu_ms=filled.cpu_s / count * 1e3,
            bare_cpu_ms=bare.cpu_s / count * 1e3,
            probes=bench.probes,
            recall_planted=planted,
            recall_random=bench.recall(bench.faces.planted),
            scan_ms=bench.scan_ms(),
            erase_ms=erase_ms,
            resident_mb=resident / 1e6,
            disk_mb=disk / 1e6,
            loads=measured,
        )
    print(f"  {row.line()}", flush=True)
    return row
