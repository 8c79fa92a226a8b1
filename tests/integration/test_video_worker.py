"""The real worker with real models: whatever is killed, stopped or lost, a job ends once and in the same way."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import psutil
import pytest
from postgres import PostgresServer
from redis_server import RedisServer
from video_worker import ANALYSE, CALLER, Desk, VideoWorker

from bentos.contracts import JobStatus
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.probing import probe

SAMPLE = Path(__file__).parents[2] / "workbench" / "samples" / "group.jpg"
SECONDS, RATE, SIZE = 8, 8, (640, 360)
FPS = 4.0
QUICK = {"FACESOCIAL_VIDEO_CHUNK_S": "1", "FACESOCIAL_VIDEO_LEASE_S": "2"}
LIBRARIES = ("cv2", "onnxruntime", "libavcodec", "numpy")

Make = Callable[..., VideoWorker]


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, VideoFacts]:
    """A look along the sample picture, to and fro."""
    path = tmp_path_factory.mktemp("video") / "pan.mp4"
    picture = cv2.imread(str(SAMPLE))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height = SIZE
        stream.bit_rate = 2_000_000
        for number in range(SECONDS * RATE):
            frame = av.VideoFrame.from_ndarray(window(picture, number / (SECONDS * RATE)), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path, probe(path, VideoSettings())


def window(picture: Any, share: float) -> Any:
    """A part of the picture at the video's size."""
    width, height = SIZE
    tall, wide = picture.shape[:2]
    scale = max(height / tall, 1.4 * width / wide)
    large = cv2.resize(picture, (round(wide * scale), round(tall * scale)))
    left = round((large.shape[1] - width) * (1 - abs(2 * share - 1)))
    top = (large.shape[0] - height) // 2
    return large[top : top + height, left : left + width].copy()


@pytest.fixture
def make(mirror: Path, model_cache: Path, video_stores: Mapping[str, str], tmp_path: Path) -> Iterator[Make]:
    """Makes a worker on these stores; it is stopped in the end."""
    made: list[VideoWorker] = []

    def make(**settings: str) -> VideoWorker:
        own = {**QUICK, **video_stores, **settings}
        made.append(VideoWorker(tmp_path / f"worker-{len(made)}", mirror, model_cache, own))
        return made[-1]

    yield make
    for worker in made:
        if worker._process is not None:
            worker.stop()


@pytest.fixture(params=["embedded", "servers"])
def video_stores(request: pytest.FixtureRequest) -> Iterator[Mapping[str, str]]:
    """Settings of empty stores of each kind."""
    if request.param == "embedded":
        yield {}
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name, redis = server.create(), request.getfixturevalue("redis_url")
    yield {"FACESOCIAL_DATABASE_URL": server.url(name), "FACESOCIAL_REDIS_URL": f"{redis}/7"}
    server.drop(name)


embedded = pytest.mark.parametrize("video_stores", ["embedded"], indirect=True)


@pytest.fixture
def desk() -> Iterator[Callable[[VideoWorker], Desk]]:
    made: list[Desk] = []

    def open_desk(worker: VideoWorker) -> Desk:
        made.append(Desk(worker))
        return made[-1]

    yield open_desk
    for one in made:
        one.close()


@dataclass(frozen=True)
class Seen:
    """Of a job that nobody disturbs."""

    result: Mapping[str, Any]
    chunks_left: int
    mapped: str
    children: list[psutil.Process]


@pytest.fixture(scope="session")
def seen(
    mirror: Path,
    model_cache: Path,
    video: tuple[Path, VideoFacts],
    tmp_path_factory: pytest.TempPathFactory,
) -> Seen:
    with VideoWorker(tmp_path_factory.mktemp("undisturbed"), mirror, model_cache, QUICK) as worker:
        desk = Desk(worker)
        job_id = desk.submit(*video, sample_fps=FPS)
        worker.wait(lambda: desk.chunks(job_id))
        assert desk.uploads.path(job_id).exists()
        worker.wait(lambda: desk.over(job_id))
        job = desk.job(job_id)
        desk.close()
        assert (job.status, job.attempts, job.fault) == (JobStatus.SUCCEEDED, 1, None)
        assert job.result is not None
        print(f"resident: {psutil.Process(worker.pid).memory_info().rss / 1e6:.0f} MB")
        mapped = Path(f"/proc/{worker.pid}/maps").read_text()
        return Seen(job.result, desk.chunks(job_id), mapped, worker.processes(ANALYSE))


@pytest.fixture(scope="session")
def undisturbed(seen: Seen) -> Mapping[str, Any]:
    """The result of a job that nobody disturbs."""
    return seen.result


def wait_for_child(worker: VideoWorker) -> psutil.Process:
    worker.wait(lambda: worker.processes(ANALYSE))
    (child,) = worker.processes(ANALYSE)
    return child


def test_a_job_runs_to_its_end_and_the_worker_stays_small(seen: Seen) -> None:
    assert seen.result["frames_analyzed"] == SECONDS * FPS
    assert seen.result["tracks"]
    assert seen.chunks_left == 0, "what was found of faces is gone"
    assert seen.children == []
    assert not [name for name in LIBRARIES if name in seen.mapped]


def test_killed_three_times_a_job_ends_once_and_in_the_same_way(
    make: Make,
    desk: Callable[[VideoWorker], Desk],
    video: tuple[Path, VideoFacts],
    undisturbed: Mapping[str, Any],
) -> None:
    worker = make()
    worker.start()
    jobs = desk(worker)
    job_id = jobs.submit(*video, sample_fps=FPS)
    for chunks in (1, 3, 5):
        worker.wait(lambda wanted=chunks: jobs.chunks(job_id) >= wanted)
        worker.kill()
        assert jobs.job(job_id).status is JobStatus.RUNNING
        worker.start()
        assert jobs.chunks(job_id) >= chunks, "what was found is kept"
    worker.wait(lambda: jobs.over(job_id))
    job = jobs.job(job_id)
    assert (job.status, job.attempts) == (JobStatus.SUCCEEDED, 4)
    assert job.result == undisturbed


@embedded
def test_a_child_whose_worker_is_killed_ends_by_itself_and_lost_messages_are_made_good(
    make: Make, desk: Callable[[VideoWorker], Desk], video: tuple[Path, VideoFacts]
) -> None:
    worker = make()
    worker.start()
    jobs = desk(worker)
    running = jobs.submit(*video, sample_fps=FPS)
    worker.wait(lambda: jobs.chunks(running))
    child = wait_for_child(worker)
    worker.kill_worker()
    assert psutil.wait_procs([child], timeout=20)[1] == []
    assert jobs.job(running).status is JobStatus.RUNNING, "nobody has ended it"
    waiting = jobs.submit(*video, sample_fps=1)
    (message,) = (worker.folder / "state" / "broker" / "messages").iterdir()
    message.unlink()
    worker.start()
    for job_id in (running, waiting):
        worker.wait(lambda wanted=job_id: jobs.over(wanted))
        assert jobs.job(job_id).status is JobStatus.SUCCEEDED


@embedded
def test_a_stopped_worker_gives_its_job_back_and_goes_on_later(
    make: Make,
    desk: Callable[[VideoWorker], Desk],
    video: tuple[Path, VideoFacts],
    undisturbed: Mapping[str, Any],
) -> None:
    worker = make()
    worker.start()
    jobs = desk(worker)
    job_id = jobs.submit(*video, sample_fps=FPS)
    worker.wait(lambda: jobs.chunks(job_id))
    os.kill(worker.pid, signal.SIGINT)  # Ctrl-C; stop() below is SIGTERM
    worker.stop()
    job = jobs.job(job_id)
    assert (job.status, job.fault) == (JobStatus.QUEUED, "the worker was stopped")
    worker.start()
    worker.wait(lambda: jobs.over(job_id))
    assert jobs.job(job_id).result == undisturbed


@embedded
def test_a_video_whose_analysis_dies_each_time_is_given_up_with_the_reason(
    make: Make, desk: Callable[[VideoWorker], Desk], video: tuple[Path, VideoFacts]
) -> None:
    worker = make(FACESOCIAL_VIDEO_MAX_ATTEMPTS="2", FACESOCIAL_VIDEO_JOB_MEMORY_BYTES="250000000")
    worker.start()
    jobs = desk(worker)
    job_id = jobs.submit(*video, sample_fps=FPS)
    worker.wait(lambda: jobs.over(job_id))
    job = jobs.job(job_id)
    assert (job.status, job.attempts) == (JobStatus.FAILED, 2)
    assert job.error is not None
    assert job.error.code == "INTERNAL_ERROR"
    assert job.fault is not None
    assert job.fault.startswith("the analysis ")
    assert not jobs.uploads.path(job_id).exists()
    assert worker.processes(ANALYSE) == []


@embedded
def test_a_cancelled_job_leaves_neither_child_nor_upload(
    make: Make, desk: Callable[[VideoWorker], Desk], video: tuple[Path, VideoFacts]
) -> None:
    worker = make()
    worker.start()
    jobs = desk(worker)
    job_id = jobs.submit(*video, sample_fps=FPS)
    worker.wait(lambda: jobs.chunks(job_id) >= 1)
    child = wait_for_child(worker)
    jobs.store.cancel_or_delete(CALLER, job_id)
    worker.wait(lambda: jobs.over(job_id) and not child.is_running())
    job = jobs.job(job_id)
    assert (job.status, job.result) == (JobStatus.CANCELLED, None)
    later = jobs.submit(*video, sample_fps=1)
    worker.wait(lambda: jobs.over(later))
    assert jobs.job(later).status is JobStatus.SUCCEEDED, "the worker goes on"


def test_redis_stops_in_the_middle_and_starts_again(
    mirror: Path,
    model_cache: Path,
    tmp_path: Path,
    desk: Callable[[VideoWorker], Desk],
    video: tuple[Path, VideoFacts],
    undisturbed: Mapping[str, Any],
) -> None:
    (tmp_path / "redis").mkdir()
    with RedisServer(tmp_path / "redis", ("--requirepass", "hidden-word")) as redis:
        url = redis.url.replace("//", "//:hidden-word@")
        own = {**QUICK, "FACESOCIAL_REDIS_URL": f"{url}/0"}
        with VideoWorker(tmp_path / "worker", mirror, model_cache, own) as worker:
            jobs = desk(worker)
            first, second = jobs.submit(*video, sample_fps=FPS), jobs.submit(*video, sample_fps=1)
            worker.wait(lambda: jobs.chunks(first))
            redis.stop()  # with all that it held: the second job's message is gone
            worker.wait(lambda: jobs.chunks(first) >= 3 or jobs.over(first))
            unsent = jobs.submit(*video, sample_fps=1)
            redis.start()
            for job_id in (first, second, unsent):
                worker.wait(lambda wanted=job_id: jobs.over(wanted))
                assert jobs.job(job_id).status is JobStatus.SUCCEEDED
                assert jobs.job(job_id).attempts == 1
            assert jobs.job(first).result == undisturbed
        assert "hidden-word" not in worker.output.read_text()
