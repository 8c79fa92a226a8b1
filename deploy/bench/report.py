"""What the bench found, as a table, as JSON and as a plot."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from deploy.bench.limit import Limit
from deploy.bench.load import Load

PACKAGES = ("bentoml", "onnxruntime", "numpy", "simplejpeg", "uvicorn", "starlette")


@dataclass(frozen=True, slots=True)
class Row:
    """One server under one load."""

    server: str
    version: str
    load: Load
    cpu_ms: float
    resident_mb: float


@dataclass(frozen=True, slots=True)
class TaskReport:
    """One task: its limit and what each server made of it."""

    task: str
    limit: Limit
    rows: Sequence[Row]


def machine() -> dict[str, str]:
    """What it was measured on, and with."""
    found = {"cpu": _cpu(), "cores": str(os.cpu_count()), "python": platform.python_version()}
    return found | {name: version(name) for name in PACKAGES}


def markdown(reports: Sequence[TaskReport]) -> str:
    """Tables, every rate as a share of the limit that was measured in the same run."""
    lines = ["Machine: " + ", ".join(f"{name} {value}" for name, value in machine().items()) + ".", ""]
    for report in reports:
        limit = report.limit
        lines += [
            f"### {report.task}",
            "",
            f"Limit: {limit.rate:.1f} images/s ({limit.arrangement}); one image alone {limit.alone_ms:.1f} ms.",
            "",
            "| server | load | images/s | of the limit | p50 ms | p95 ms | p99 ms | refused | errors | CPU ms | MB |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
            *(_line(row, limit) for row in report.rows),
            "",
        ]
    return "\n".join(lines)


def write(reports: Sequence[TaskReport], folder: Path) -> None:
    """``bench.json``, ``bench.md`` and, where matplotlib is installed, ``bench.png``."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {"machine": machine(), "tasks": [asdict(report) for report in reports]}
    (folder / "bench.json").write_text(json.dumps(found, indent=2) + "\n")
    (folder / "bench.md").write_text(markdown(reports) + "\n")
    try:
        _plot(reports, folder / "bench.png")
    except ImportError:
        print("matplotlib is not installed: no plot")


def _line(row: Row, limit: Limit) -> str:
    load = row.load
    what = f"{load.wanted_rate:.0f}/s open" if load.wanted_rate else f"{load.connections} at once"
    times = " | ".join("-" if value is None else f"{value:.0f}" for value in (load.p50, load.p95, load.p99))
    share = load.rate / limit.rate
    return (
        f"| {row.server} ({row.version}) | {what} | {load.rate:.1f} | {share:.2f} | {times} | "
        f"{load.refused} | {load.errors} | {row.cpu_ms:.1f} | {row.resident_mb:.0f} |"
    )


def _plot(reports: Sequence[TaskReport], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(len(reports), 2, figsize=(11, 3.6 * len(reports)), squeeze=False)
    for (left, right), report in zip(axes, reports, strict=True):
        for name in dict.fromkeys(row.server for row in report.rows):
            loads = [row.load for row in report.rows if row.server == name and row.load.wanted_rate is None]
            at_once = [load.connections for load in loads]
            left.plot(at_once, [load.rate / report.limit.rate for load in loads], marker="o", label=name)
            right.plot(at_once, [load.p99 or 0 for load in loads], marker="o", label=name)
        left.axhline(1.0, color="grey", linestyle="--", linewidth=1)
        left.set(
            title=report.task,
            ylabel="share of the limit",
            xlabel="requests at once",
            xscale="log",
            ylim=(0, 1.1),
        )
        right.set(ylabel="p99, ms", xlabel="requests at once", xscale="log", yscale="log")
        left.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or "unknown"
    names = (line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name"))
    return next(names, platform.machine())
