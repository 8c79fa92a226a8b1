"""The process that analyses, with real models, on the embedded database."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from altered_clips import HEIGHT, WIDTH, filmed, photograph, portrait, write_clip
from video_jobs import ACME, SHA256

from bentos.common.database import Database
from bentos.common.database.upgrade import upgrade
from bentos.common.loading import open_model
from bentos.common.model_set import served
from bentos.common.settings import Settings
from bentos.contracts import JobStatus, VideoOptions
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.jobs import JobRecord, JobStore, NewJob, new_job_id
from bentos.deepfake_detection.video.supervision import ExitCode
from bentos.deepfake_detection.video.uploads import Uploads
from models.catalogue.card import Task
from models.runtime.detector import DetectorModel

SECONDS = 6.0
LIMIT_S = 120.0
OWNER = "owner-1"


@dataclass(frozen=True)
class Place:
    """A state folder with models, an upgraded database and uploads."""

    settings: Settings
    video: VideoSettings
    store: JobStore
    uploads: Uploads
    environment: dict[str, str]

    def claimed(self, clip: Path, **options: object) -> str:
        """A job with this upload, claimed."""
        facts = VideoFacts("mp4", "h264", WIDTH, HEIGHT, SECONDS, 10.0)
        chosen = VideoOptions.model_validate(options)
        job = NewJob(new_job_id(), chosen, clip.stat().st_size, SHA256, facts)
        target = self.uploads.path(job.job_id)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clip, target)
        self.store.create(ACME, job, None, self.video)
        self.claim(job.job_id)
        return job.job_id

    def claim(self, job_id: str, owner: str = OWNER) -> None:
        assert self.store.claim(job_id, owner, self.video) is not None

    def start(self, job_id: str, owner: str = OWNER) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "bentos.deepfake_detection.video.analyse", job_id, owner]
        return subprocess.Popen(
            command, env=self.environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, job_id: str, owner: str = OWNER) -> tuple[int, str]:
        """Exit code and what it said."""
        with self.start(job_id, owner) as child:
            try:
                child.wait(LIMIT_S)
            finally:
                child.kill()
            assert child.stderr is not None
            return child.returncode, child.stderr.read()

    def job(self, job_id: str) -> JobRecord:
        return self.store.get(ACME.tenant, job_id)


@pytest.fixture(scope="module")
def place(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    state = tmp_path_factory.mktemp("state")
    settings = Settings(state_dir=state, model_mirror=str(mirror), database_url=None)
    database = Database(settings.database)
    upgrade(database)
    video = VideoSettings(chunk_s=1.0, lease_s=2.0, jobs_per_tenant=100)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.endswith("DATABASE_URL")},
        "FACESOCIAL_STATE_DIR": str(state),
        "FACESOCIAL_MODEL_MIRROR": str(mirror),
        "FACESOCIAL_VIDEO_CHUNK_S": str(video.chunk_s),
        "FACESOCIAL_VIDEO_LEASE_S": str(video.lease_s),
    }
    yield Place(settings, video, JobStore(database), Uploads(video.uploads(settings)), environment)
    database.close()


@pytest.fixture(scope="module")
def clip(place: Place, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    detector = open_model(
        served(place.settings, [Task.FACE_DETECTION])[Task.FACE_DETECTION], place.settings, lambda: True
    )
    assert isinstance(detector, DetectorModel)
    path = tmp_path_factory.mktemp("clip") / "portrait"
    still = portrait(detector, photograph(photos / "people" / "obama.jpg"))
    write_clip(path, filmed(still, still, [], SECONDS))
    return path


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_video_is_analysed_to_its_end(place: Place, clip: Path) -> None:
    job_id = place.claimed(clip, keep_thumbnails=True)
    code, said = place.run(job_id)
    assert code == ExitCode.DONE, said
    job = place.job(job_id)
    result = job.info().result
    assert (job.status, job.progress) == (JobStatus.SUCCEEDED, 1.0)
    assert result is not None
    assert result.frames_analyzed == len(result.timeline) == SECONDS * 2
    assert result.moments[0].thumbnail
    assert not place.store.chunks(job_id)
    (line,) = [line for line in said.splitlines() if job_id in line]
    for step in ("open", "decode", "detect", "describe", "judge", "conclude"):
        assert f"{step} " in line


def test_an_attempt_that_is_killed_costs_no_more_than_a_chunk_and_changes_nothing(
    place: Place, clip: Path
) -> None:
    options = {"sample_fps": 5.0, "keep_thumbnails": True}
    whole, broken = place.claimed(clip, **options), place.claimed(clip, **options)
    assert place.run(whole)[0] == ExitCode.DONE
    with place.start(broken) as child:
        # Progress is written after the chunk that it speaks of.
        wait_for(lambda: len(place.store.chunks(broken)) >= 2 and place.job(broken).progress > 0)
        child.kill()
    kept = dict(place.store.chunks(broken))
    assert place.job(broken).status is JobStatus.RUNNING
    place.store.give_back(broken, OWNER, "killed", place.video)
    place.claim(broken, "owner-2")
    assert place.store.chunks(broken) == kept
    assert place.run(broken, "owner-2")[0] == ExitCode.DONE
    assert place.job(broken).result == place.job(whole).result
    assert place.job(broken).attempts == 2


def test_a_job_that_is_cancelled_ends_its_process(place: Place, clip: Path) -> None:
    job_id = place.claimed(clip, sample_fps=10.0)
    with place.start(job_id) as child:
        wait_for(lambda: len(place.store.chunks(job_id)) >= 1)
        place.store.cancel_or_delete(ACME, job_id)
        assert child.wait(LIMIT_S) == ExitCode.LOST
    assert place.job(job_id).status is JobStatus.CANCELLED
    assert not place.store.chunks(job_id)


def test_it_ends_with_its_parent(place: Place, clip: Path) -> None:
    job_id = place.claimed(clip, sample_fps=10.0)
    with place.start(job_id) as child:
        wait_for(lambda: len(place.store.chunks(job_id)) >= 1)
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(LIMIT_S) == ExitCode.LOST
    assert place.job(job_id).status is JobStatus.RUNNING


def test_a_lease_is_held_while_models_are_loaded(place: Place, clip: Path) -> None:
    job_id = place.claimed(clip)
    first = place.job(job_id).lease_until
    assert first is not None
    with place.start(job_id) as child:
        wait_for(lambda: (place.job(job_id).lease_until or first) > first)
        child.kill()


@pytest.mark.parametrize("owner", ["somebody-else", OWNER])
def test_nothing_is_done_for_a_job_that_is_not_the_owner_s(owner: str, place: Place, clip: Path) -> None:
    job_id = new_job_id() if owner == OWNER else place.claimed(clip)
    assert place.run(job_id, owner)[0] == ExitCode.LOST


def test_a_video_without_faces_is_its_own_fault(place: Place, tmp_path: Path) -> None:
    landscape = photograph(Path("workbench/samples/landscape.jpg"))
    write_clip(tmp_path / "clip", filmed(landscape, landscape, [], SECONDS))
    job_id = place.claimed(tmp_path / "clip")
    assert place.run(job_id)[0] == ExitCode.FAULT
    job = place.job(job_id)
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert job.error.code == "NO_FACE"
    assert "frames of the video" in job.error.message


def test_what_is_no_video_is_its_own_fault(place: Place, tmp_path: Path) -> None:
    (tmp_path / "clip").write_bytes(os.urandom(5_000))
    job_id = place.claimed(tmp_path / "clip")
    assert place.run(job_id)[0] == ExitCode.FAULT
    job = place.job(job_id)
    assert (job.status, job.error and job.error.code) == (JobStatus.FAILED, "INVALID_REQUEST")


def test_a_process_without_memory_is_a_crash_and_not_the_video_s_fault(place: Place, clip: Path) -> None:
    job_id = place.claimed(clip)
    place.environment["FACESOCIAL_VIDEO_JOB_MEMORY_BYTES"] = "200000000"
    try:
        code, _ = place.run(job_id)
    finally:
        del place.environment["FACESOCIAL_VIDEO_JOB_MEMORY_BYTES"]
    assert code not in tuple(ExitCode)
    assert place.job(job_id).status is JobStatus.RUNNING
