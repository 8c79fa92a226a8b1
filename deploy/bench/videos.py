"""A video through the process that analyses, as a worker starts it: how fast, with how much memory."""

from __future__ import annotations

import os
import re
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from pydantic import SecretStr

from bentos.common.audit.caller import Caller
from bentos.common.database import Database
from bentos.common.database.upgrade import upgrade
from bentos.common.settings import DatabaseSettings
from bentos.contracts import VideoOptions, VideoResult
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.jobs import JobStore, NewJob, new_job_id
from bentos.deepfake_detection.video.probing import probe
from bentos.deepfake_detection.video.supervision import analyse_command
from bentos.deepfake_detection.video.uploads import Uploads
from deploy.bench.load import BenchFailed
from deploy.bench.state import own_state
from deploy.bench.video_clip import DRAWN, make_clip
from deploy.bench.video_report import VideoRow
from deploy.local.stack import ROOT

LOOK_S = 0.1
MARKS = (0.1, 0.5)
LEASE_S = 4.0
"""A quarter of it is how often the process tells its progress."""
LIMIT_S = 4 * 3600.0
CALLER = Caller("bench", "bench", "operator", "bench")


@dataclass(frozen=True, slots=True)
class Watched:
    """What a process took: seconds, CPU seconds, bytes at each mark and at the end, most bytes; what it said."""

    wall_s: float
    cpu_s: float
    resident: tuple[float, float, float]
    peak: float
    said: str


@dataclass(frozen=True, slots=True)
class _Job:
    store: JobStore
    job_id: str
    owner: str
    environment: Mapping[str, str]

    def progress(self) -> float:
        return self.store.get(CALLER.tenant, self.job_id).progress

    def result(self) -> VideoResult | None:
        return self.store.get(CALLER.tenant, self.job_id).info().result


def measure_video(
    seconds: float, folder: Path, people: Sequence[Path] = DRAWN, sample_fps: float = 2.0
) -> VideoRow:
    """Make a video of so many seconds and analyse it on empty stores.

    Raises:
        BenchFailed: It was not analysed; the message ends with what the process said.
        InvalidVideo: It cannot be probed.
    """
    print(f"video of {seconds:g} s", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    with _job(folder / "video", seconds, people, sample_fps) as job:
        watched = _watch(job)
        result = job.result()
        if result is None:
            raise BenchFailed(f"the video was not analysed: {watched.said[-600:]}")
    row = _row(result, watched)
    print(f"  {row.line()}\n  {row.shares()}", flush=True)
    return row


@contextmanager
def _job(folder: Path, seconds: float, people: Sequence[Path], sample_fps: float) -> Iterator[_Job]:
    """A job that is claimed, its upload in place."""
    with own_state(folder) as stores:
        video = VideoSettings(uploads_dir=folder / "uploads", lease_s=LEASE_S)
        url = SecretStr(str(stores["FACESOCIAL_DATABASE_URL"]))
        database = Database(DatabaseSettings(url=url, pool_size=2, timeout_s=10))
        upgrade(database)
        store, job_id, owner = JobStore(database), new_job_id(), uuid.uuid4().hex
        path = Uploads(folder / "uploads").path(job_id)
        path.parent.mkdir()
        made = path.with_suffix(".mp4")
        make_clip(made, seconds, people)
        made.rename(path)
        facts, options = probe(path, video), VideoOptions(sample_fps=sample_fps)
        store.create(CALLER, NewJob(job_id, options, path.stat().st_size, "0" * 64, facts), None, video)
        if store.claim(job_id, owner, video) is None:
            raise BenchFailed("the job could not be claimed")
        more = {"FACESOCIAL_VIDEO_UPLOADS_DIR": str(path.parent), "FACESOCIAL_VIDEO_LEASE_S": str(LEASE_S)}
        yield _Job(store, job_id, owner, _environment({**stores, **more}))
        database.close()


def _environment(settings: Mapping[str, str | None]) -> Mapping[str, str]:
    wanted = {**os.environ, **settings, "PYTHONPATH": str(ROOT)}
    return {name: value for name, value in wanted.items() if value is not None}


def _watch(job: _Job) -> Watched:
    """Run the process and look at its memory until it ends."""
    started = time.perf_counter()
    with subprocess.Popen(
        analyse_command(job.job_id, job.owner),
        cwd=ROOT,
        env=dict(job.environment),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            samples = list(_samples(psutil.Process(child.pid), job.progress, started + LIMIT_S))
        finally:
            child.kill()
        wall_s = time.perf_counter() - started
        assert child.stderr is not None
        said = child.stderr.read()
    at = [_resident_at(samples, mark) for mark in MARKS]
    last = samples[-1] if samples else (0.0, 0.0, 0.0)
    peak = max((resident for _, resident, _ in samples), default=0.0)
    return Watched(wall_s, last[2], (at[0], at[1], last[1]), peak, said)


def _samples(
    process: psutil.Process, progress: Callable[[], float], deadline: float
) -> Iterator[tuple[float, float, float]]:
    """Progress, resident bytes and CPU seconds, until it ends."""
    while time.perf_counter() < deadline:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return
            times = process.cpu_times()
            yield progress(), float(process.memory_info().rss), times.user + times.system
        except psutil.Error:
            return
        time.sleep(LOOK_S)


def _resident_at(samples: Sequence[tuple[float, float, float]], mark: float) -> float:
    """Bytes when the progress first reached a mark; 0 where it never did."""
    return next((resident for progress, resident, _ in samples if progress >= mark), 0.0)


def _row(result: VideoResult, watched: Watched) -> VideoRow:
    _, _, line = watched.said.partition(" frames in ")
    steps = {name: float(seconds) for name, seconds in re.findall(r"(\w+) ([\d.]+) s", line)}
    early, middle, late = (value / 1e6 for value in watched.resident)
    return VideoRow(
        name=f"H.264 1080p, {result.duration_s:g} s at {result.sample_fps:g} a second",
        duration_s=result.duration_s,
        frames=result.frames_analyzed,
        faces=sum(point.faces for point in result.timeline) / result.frames_analyzed,
        wall_s=watched.wall_s,
        cpu_s=watched.cpu_s,
        resident_mb=(early, middle, late),
        peak_mb=watched.peak / 1e6,
        steps=steps,
    )
