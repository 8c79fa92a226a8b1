"""``make bench``: the services beside the limit of this machine and beside other servers, in one run."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from bentos.common.settings import Settings
from deploy.bench.candidates import Candidate, candidates, missing_peers
from deploy.bench.limit import Limit, measure_limit
from deploy.bench.load import BenchFailed, Generator, Load, multipart
from deploy.bench.report import Row, TaskReport, markdown, write
from deploy.bench.servers import Server, serving
from deploy.local.stack import ROOT
from models.catalogue.card import Task
from models.errors import FaceSocialError

SAMPLE = ROOT / "workbench" / "samples" / "group.jpg"
AT_ONCE = (1, 8, 32, 128)
OPEN_SHARES = (0.5, 0.8, 2.0)
OPEN_CONNECTIONS = 256
PORT = 18_940


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write it with JSON and a plot."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--tasks", nargs="+", type=Task, choices=list(Task), default=[Task.FACE_DETECTION])
    parser.add_argument("--all", action="store_true", help="all five tasks")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each load")
    parser.add_argument("--out", type=Path, default=ROOT / ".bench")
    chosen = parser.parse_args(arguments)
    if missing := missing_peers():
        print(f"Not installed and left out: {', '.join(missing)} (pip install --group bench).")
    try:
        image = picture()
        tasks = list(Task) if chosen.all else chosen.tasks
        reports = [measure(task, image, chosen.seconds, chosen.out) for task in tasks]
    except FaceSocialError as error:
        print(f"bench: {error.message}", file=sys.stderr)
        return 1
    write(reports, chosen.out)
    print(markdown(reports))
    print(f"Written to {chosen.out}.")
    return 0


def picture() -> bytes:
    """A 1280 x 720 JPEG of about 220 kB: the group of five with the noise of a camera."""
    pixels = np.asarray(Image.open(SAMPLE).convert("RGB").resize((1280, 720)), np.int16)
    noise = np.random.default_rng(0).integers(-12, 12, pixels.shape)
    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def measure(task: Task, image: bytes, seconds: float, folder: Path) -> TaskReport:
    """The limit, then every server under every load."""
    generator = Generator(folder / "generator")
    print(f"{task.value}: measuring the limit", flush=True)
    limit = measure_limit(task, image, seconds)
    print(f"{task.value}: {limit.rate:.1f} images/s, {limit.alone_ms:.1f} ms alone", flush=True)
    rows: list[Row] = []
    for candidate in candidates(task, PORT, folder):
        try:
            rows.extend(_measure(candidate, image, limit, generator, seconds, folder))
        except BenchFailed as error:
            print(f"{candidate.name} is left out: {error.message}", flush=True)
    return TaskReport(task.value, limit, rows)


def _measure(
    candidate: Candidate, image: bytes, limit: Limit, generator: Generator, seconds: float, folder: Path
) -> Iterator[Row]:
    body, headers = multipart("image", image, folder)
    base, log = f"http://127.0.0.1:{PORT}", folder / f"{candidate.name}.log"
    settings = {"FACESOCIAL_STATE_DIR": str(Settings().state_dir), **candidate.settings}
    with serving(candidate.name, candidate.command, base, candidate.ready, settings, log) as server:

        def load(connections: int, rate: float | None = None) -> Row:
            before = server.cpu_seconds()
            found = generator.run(
                base + candidate.path, body, {**headers, **candidate.headers}, connections, seconds, rate
            )
            return _row(candidate, server, found, server.cpu_seconds() - before, seconds)

        load(8)  # warm
        closed = [load(connections) for connections in AT_ONCE]
        yield from closed
        capacity = max(row.load.rate for row in closed)
        for share in OPEN_SHARES:
            yield load(OPEN_CONNECTIONS, share * capacity)


def _row(candidate: Candidate, server: Server, load: Load, cpu_seconds: float, seconds: float) -> Row:
    print(f"  {candidate.name}: {load.rate:.1f} images/s, p99 {load.p99}, errors {load.errors}", flush=True)
    answered = max(1.0, load.rate * seconds)
    return Row(candidate.name, candidate.version, load, cpu_seconds / answered * 1e3, server.resident() / 1e6)


if __name__ == "__main__":
    sys.exit(main())
