"""What the bench found, as a table, as JSON and as a plot."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from deploy.bench.gallery_report import GalleryRow, tables
from deploy.bench.video_report import VideoRow, video_tables

PACKAGES = ("bentoml", "onnxruntime", "numpy", "simplejpeg", "uvicorn", "uvloop", "httptools", "starlette")
HEAD = (
    "| server | load | images/s | of the limit | p50 ms | p95 ms | p99 ms | against alone | of capacity "
    "| refused | errors | CPU ms | MB |"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One server under one load.

    Attributes:
        connections: Requests at once; 0 at a fixed rate, where there is no bound.
        wanted_rate: Requests a second that were sent; None where each answer brings the next request.
        rate: Successful answers a second.
        of_limit: The same against the bare loop just before and after; median of the rounds.
        of_capacity: At a fixed rate, against the best of the closed loops.
        of_alone: With one connection, the median time against the bare loop's.
        cpu_ms: CPU time of all processes of the server for each successful answer.
        resident_mb: Memory of all of its processes, shared pages counted once.
    """

    server: str
    version: str
    connections: int
    wanted_rate: float | None
    rate: float
    of_limit: float
    of_capacity: float | None
    of_alone: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    refused: int
    errors: int
    cpu_ms: float
    resident_mb: float

    def line(self) -> str:
        """The row of the table."""
        what = f"{self.wanted_rate:.0f}/s" if self.wanted_rate else f"{self.connections} at once"
        cells = [
            f"{self.server} ({self.version})",
            what,
            f"{self.rate:.1f}",
            f"{self.of_limit:.2f}",
            *(_number(value, 1) for value in (self.p50, self.p95, self.p99)),
            _number(self.of_alone, 2),
            _number(self.of_capacity, 2),
            str(self.refused),
            str(self.errors),
            f"{self.cpu_ms:.1f}",
            f"{self.resident_mb:.0f}",
        ]
        return "| " + " | ".join(cells) + " |"


@dataclass(frozen=True, slots=True)
class Soak:
    """Memory of a server after its first requests and after many."""

    server: str
    requests: int
    early_mb: float
    late_mb: float

    def line(self) -> str:
        """In words."""
        ratio = self.late_mb / self.early_mb
        return (
            f"{self.server}: {self.early_mb:.0f} MB after 2,000 requests, "
            f"{self.late_mb:.0f} MB after {self.requests:,} ({ratio:.3f})."
        )


@dataclass(frozen=True, slots=True)
class TaskReport:
    """One task: its limit and what each server made of it."""

    task: str
    picture: str
    limit: float
    arrangement: str
    alone_ms: float
    rows: Sequence[Row]
    soaks: Sequence[Soak]


def machine() -> dict[str, str]:
    """What it was measured on, and with."""
    found = {"cpu": _cpu(), "cores": str(os.cpu_count()), "python": platform.python_version()}
    return found | {name: version(name) for name in PACKAGES} | {"h2load": _h2load()}


def markdown(
    reports: Sequence[TaskReport], galleries: Sequence[GalleryRow] = (), videos: Sequence[VideoRow] = ()
) -> str:
    """Tables, every rate as a share of the limit that was measured around it; galleries and videos come last."""
    lines = ["Machine: " + ", ".join(f"{name} {value}" for name, value in machine().items()) + ".", ""]
    for report in reports:
        lines += [
            f"### {report.task}, {report.picture}",
            "",
            f"Limit: {report.limit:.1f} images/s ({report.arrangement}); alone {report.alone_ms:.1f} ms.",
            "",
            HEAD,
            "|" + "---|" * 13,
            *(row.line() for row in report.rows),
            "",
            *(soak.line() for soak in report.soaks),
            *([""] if report.soaks else []),
        ]
    return "\n".join([*lines, *tables(galleries), *video_tables(videos)])


def write(
    reports: Sequence[TaskReport],
    folder: Path,
    galleries: Sequence[GalleryRow] = (),
    videos: Sequence[VideoRow] = (),
) -> None:
    """``bench.json``, ``bench.md`` and, where matplotlib is installed, ``bench.png``."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {
        "machine": machine(),
        "tasks": [asdict(report) for report in reports],
        "galleries": [asdict(row) for row in galleries],
        "videos": [asdict(row) for row in videos],
    }
    (folder / "bench.json").write_text(json.dumps(found, indent=2) + "\n")
    (folder / "bench.md").write_text(markdown(reports, galleries, videos) + "\n")
    if not reports:
        return
    try:
        _plot(reports, folder / "bench.png")
    except ImportError:
        print("matplotlib is not installed: no plot")


def _plot(reports: Sequence[TaskReport], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(len(reports), 2, figsize=(11, 3.6 * len(reports)), squeeze=False)
    for (left, right), report in zip(axes, reports, strict=True):
        for name in dict.fromkeys(row.server for row in report.rows):
            rows = [row for row in report.rows if row.server == name and row.wanted_rate is None]
            at_once = [row.connections for row in rows]
            left.plot(at_once, [row.of_limit for row in rows], marker="o", label=name)
            right.plot(at_once, [row.p99 or 0 for row in rows], marker="o", label=name)
        left.axhline(1.0, color="grey", linestyle="--", linewidth=1)
        left.set(title=report.task, ylabel="share of the limit", xscale="log", ylim=(0, 1.1))
        right.set(ylabel="p99, ms", xscale="log", yscale="log")
        left.set(xlabel="requests at once")
        right.set(xlabel="requests at once")
        left.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _number(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:.{places}f}"


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or "unknown"
    names = (line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name"))
    return next(names, platform.machine())


def _h2load() -> str:
    if shutil.which("h2load") is None:
        return "not installed"
    done = subprocess.run(["h2load", "--version"], capture_output=True, text=True)  # noqa: S607
    return done.stdout.strip().rpartition("/")[2]
