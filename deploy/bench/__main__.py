"""``make bench``: the services beside the limit of this machine and beside other servers, in one run."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.bench.candidates import Candidate, candidates, missing_peers
from deploy.bench.galleries import LEAST, measure_gallery
from deploy.bench.gallery_report import GalleryRow
from deploy.bench.limit import Limit
from deploy.bench.load import BenchFailed
from deploy.bench.measure import Bench, Plan
from deploy.bench.pictures import Kind, picture
from deploy.bench.report import Row, Soak, TaskReport, markdown, write
from deploy.bench.servers import serving
from deploy.bench.state import own_state
from deploy.bench.video_clip import DRAWN
from deploy.bench.video_report import VideoRow
from deploy.bench.videos import measure_video
from deploy.local.stack import ROOT
from models.catalogue.card import Task
from models.errors import FaceSocialError

PORT = 18_940


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write it with JSON and a plot."""
    chosen = _parser().parse_args(arguments)
    tasks = _tasks(chosen)
    if tasks and (missing := missing_peers()):
        print(f"Not installed and left out: {', '.join(missing)} (pip install --group bench).")
    plan = Plan(chosen.seconds, chosen.rounds, chosen.out)
    chosen.out.mkdir(parents=True, exist_ok=True)
    reports: list[TaskReport] = []
    galleries: list[GalleryRow] = []
    videos: list[VideoRow] = []
    try:
        for task in tasks:
            reports.append(measure(task, chosen.picture, plan, chosen.soak, chosen.only))
            write(reports, chosen.out)
        for count in chosen.galleries:
            galleries.append(measure_gallery(count, picture(chosen.picture), plan, PORT))
            write(reports, chosen.out, galleries)
        for seconds in chosen.video:
            videos.append(measure_video(seconds, chosen.out, chosen.video_faces))
            write(reports, chosen.out, galleries, videos)
    except FaceSocialError as error:
        print(f"bench: {error.message}", file=sys.stderr)
        return 1
    print(markdown(reports, galleries, videos))
    print(f"Written to {chosen.out}.")
    return 0


def measure(task: Task, kind: Kind, plan: Plan, soak: int, only: Sequence[str]) -> TaskReport:
    """The limit, then every server under every load."""
    image = picture(kind)
    print(f"{task.value}, {kind}: measuring the limit", flush=True)
    limit = Limit(task, image, plan.seconds)
    print(f"  {limit.best:.1f} images/s ({limit.arrangement}), {limit.alone_ms:.1f} ms alone", flush=True)
    rows: list[Row] = []
    soaks: list[Soak] = []
    for candidate in candidates(task, PORT, plan.folder):
        if only and not any(word.lower() in candidate.name.lower() for word in only):
            continue
        try:
            _measure(candidate, limit, image, plan, rows, soaks, soak)
        except BenchFailed as error:
            print(f"{candidate.name} is left out: {error.message}", flush=True)
    return TaskReport(task.value, kind, limit.best, limit.arrangement, limit.alone_ms, rows, soaks)


def _measure(
    candidate: Candidate,
    limit: Limit,
    image: bytes,
    plan: Plan,
    rows: list[Row],
    soaks: list[Soak],
    soak: int,
) -> None:
    log = plan.folder / f"{candidate.name}.log"
    base = f"http://127.0.0.1:{PORT}"
    with own_state(plan.folder / "state") as stores:
        settings = {**stores, **candidate.settings}
        with serving(candidate.name, candidate.command, base, candidate.ready, settings, log) as server:
            bench = Bench(candidate, server, limit, image, plan)
            if soak and candidate.own:
                soaks.append(Soak(candidate.name, soak, *bench.soak(soak)))
            rows.extend(bench.rows())


def _tasks(chosen: argparse.Namespace) -> list[Task]:
    """With ``--galleries`` or ``--video`` alone no task."""
    if chosen.all:
        return list(Task)
    return chosen.tasks or ([] if chosen.galleries or chosen.video else [Task.FACE_DETECTION])


def _faces(text: str) -> int:
    count = int(text)
    if count < LEAST:
        raise argparse.ArgumentTypeError(f"at least {LEAST:,} faces")
    return count


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 1 <= seconds < math.inf:
        raise argparse.ArgumentTypeError("at least one second")
    return seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--tasks", nargs="+", type=Task, choices=list(Task), default=[])
    parser.add_argument("--all", action="store_true", help="all five tasks")
    parser.add_argument(
        "--galleries", nargs="+", type=_faces, default=[], metavar="FACES", help="collections"
    )
    parser.add_argument("--video", nargs="+", type=_seconds, default=[], metavar="SECONDS", help="videos")
    parser.add_argument(
        "--video-faces", nargs="+", type=Path, default=DRAWN, metavar="PICTURE", help="who is in the videos"
    )
    parser.add_argument("--picture", choices=["portrait", "group"], default="portrait")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each load in each round")
    parser.add_argument("--rounds", type=int, default=3, help="of each load")
    parser.add_argument("--soak", type=int, default=0, help="requests between two looks at memory")
    parser.add_argument("--only", nargs="+", default=[], help="servers whose names hold one of these words")
    parser.add_argument("--out", type=Path, default=ROOT / ".bench")
    return parser


if __name__ == "__main__":
    sys.exit(main())
