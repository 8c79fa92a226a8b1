"""What the bench found about galleries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deploy.bench.load import Sample

HEAD = (
    "| faces | vectors/s | bare index | of bare | settled s | bare settled s | CPU ms | bare CPU ms "
    "| recall@1, planted | recall@1, random | exact scan ms | erase ms | MB | disk MB |"
)
LOAD_HEAD = (
    "| faces | load | identify/s | embed/s | of embed | identify p50 ms | p95 ms | p99 ms | CPU ms "
    "| embed p50 ms | p95 ms | p99 ms | CPU ms | refused | errors |"
)


@dataclass(frozen=True, slots=True)
class Timing:
    """One operation under one load: answers a second, and milliseconds; None where none came.

    ``cpu_ms`` is CPU time of all processes of the server for each successful answer.
    """

    rate: float
    p50: float | None
    p95: float | None
    p99: float | None
    cpu_ms: float

    @classmethod
    def of(cls, sample: Sample, cpu_s: float) -> Timing:
        """What a sample says, for which the server took so many seconds of CPU time."""
        p50, p95, p99 = (sample.percentile(percent) for percent in (50, 95, 99))
        return cls(sample.rate, p50, p95, p99, cpu_s / max(1, sample.answered) * 1e3)

    def cells(self) -> list[str]:
        """The times."""
        times = (self.p50, self.p95, self.p99, self.cpu_ms)
        return ["-" if value is None else f"{value:.1f}" for value in times]


@dataclass(frozen=True, slots=True)
class GalleryLoad:
    """Identifying beside embedding the same picture, in turns.

    Attributes:
        connections: Requests at once.
        identify: With ``far=1`` and ``top_k=1``: every hit is read back from the database.
        of_embed: Rate of identifying against embedding; median of the rounds. What is missing to 1 is search,
            database and audit event.
        refused: Answers 429 and 503 of both.
        errors: All other answers of both, and connections that broke.
    """

    connections: int
    identify: Timing
    embed: Timing
    of_embed: float
    refused: int
    errors: int

    def line(self, faces: int) -> str:
        """The row of the table."""
        cells = [
            f"{faces:,}",
            f"{self.connections} at once",
            f"{self.identify.rate:.1f}",
            f"{self.embed.rate:.1f}",
        ]
        cells += [f"{self.of_embed:.2f}", *self.identify.cells(), *self.embed.cells()]
        return _row([*cells, str(self.refused), str(self.errors)])


@dataclass(frozen=True, slots=True)
class GalleryRow:
    """One collection of so many faces.

    Attributes:
        faces: Faces in the collection, a subject each.
        dimension: Numbers of an embedding.
        insert_rate: Vectors a second through ``import``, from the first byte sent to the answer.
        bare_rate: The same vectors put into the same index without HTTP and database, before and after.
        of_bare: ``insert_rate`` against ``bare_rate``.
        settle_s: From the last answer until the service was idle: graphs are built in the background.
        bare_settle_s: The same of the bare index.
        cpu_ms: CPU time of the service for each vector, until it was idle.
        bare_cpu_ms: The same of the bare index.
        probes: Faces that were identified.
        recall_planted: Share of them whose best match was the exact nearest stored vector, while for each of
            them a second photograph was stored: a vector at a cosine of 0.75.
        recall_random: The same after those were erased: strangers alone, all about equally far.
        scan_ms: One exact search in NumPy, float32, everything in memory; median.
        erase_ms: Of one subject through HTTP; median.
        resident_mb: Memory of the service's processes, shared pages counted once, after the loads.
        disk_mb: Its state folder, before the loads.
    """

    faces: int
    dimension: int
    insert_rate: float
    bare_rate: float
    of_bare: float
    settle_s: float
    bare_settle_s: float
    cpu_ms: float
    bare_cpu_ms: float
    probes: int
    recall_planted: float
    recall_random: float
    scan_ms: float
    erase_ms: float
    resident_mb: float
    disk_mb: float
    loads: Sequence[GalleryLoad]

    def line(self) -> str:
        """The row of the table."""
        return _row(
            [
                f"{self.faces:,}",
                f"{self.insert_rate:,.0f}",
                f"{self.bare_rate:,.0f}",
                f"{self.of_bare:.2f}",
                f"{self.settle_s:.1f}",
                f"{self.bare_settle_s:.1f}",
                f"{self.cpu_ms:.2f}",
                f"{self.bare_cpu_ms:.2f}",
                f"{self.recall_planted:.3f}",
                f"{self.recall_random:.3f}",
                f"{self.scan_ms:.2f}",
                f"{self.erase_ms:.0f}",
                f"{self.resident_mb:.0f}",
                f"{self.disk_mb:.0f}",
            ]
        )


def tables(rows: Sequence[GalleryRow]) -> list[str]:
    """Lines of Markdown; none where nothing was measured."""
    if not rows:
        return []
    about = f"{rows[0].probes} probe faces, {rows[0].dimension} dimensions, embedded stores."
    loads = [load.line(row.faces) for row in rows for load in row.loads]
    return [
        *("### Galleries", "", about, ""),
        *(HEAD, "|" + "---|" * 14, *(row.line() for row in rows), ""),
        *(LOAD_HEAD, "|" + "---|" * 15, *loads, ""),
    ]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
