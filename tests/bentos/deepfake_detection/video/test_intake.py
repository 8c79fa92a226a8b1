"""Videos that become jobs, and what stays of those that do not: real stores, a stand-in for probing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from video_jobs import ACME, FACTS, OTHER, Events, rows

from bentos.common.database import Database
from bentos.common.errors import Conflict, InvalidRequest, NotFound, Overloaded, RateLimited
from bentos.contracts import JobStatus, VideoOptions
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.tables import VideoJob
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.intake import Intake
from bentos.deepfake_detection.video.jobs import JobStore, new_job_id
from bentos.deepfake_detection.video.uploads import Uploads

CONTENT = b"a video"
PLAIN = VideoOptions()


class Setup:
    """An intake around whose parts the test knows."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.sent: list[str] = []
        self.probed: list[bytes] = []
        self.fault: Exception | None = None

    def intake(self, **settings: object) -> Intake:
        return Intake(
            store=JobStore(self.database),
            uploads=Uploads(self.folder),
            settings=VideoSettings(**{"min_free_bytes": 0, **settings}),  # type: ignore[arg-type]
            probe=self._probe,
            allow=self._allow,
            send=self.sent.append,
        )

    def submit(
        self, intake: Intake, content: bytes = CONTENT, options: VideoOptions = PLAIN, key: str | None = None
    ) -> tuple[str, bool]:
        job_id = new_job_id()
        part = intake.begin(job_id)
        part.write(memoryview(content))
        return intake.accept(ACME, job_id, part, options, key)

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def _probe(self, path: Path, _: VideoSettings) -> VideoFacts:
        self.probed.append(path.read_bytes())
        if self.fault:
            raise self.fault
        return FACTS

    def _allow(self, url: str, _: VideoSettings) -> None:
        if "evil" in url:
            raise InvalidRequest("not allowed")


@pytest.fixture
def setup(database: Database, tmp_path: Path) -> Setup:
    return Setup(database, tmp_path / "uploads")


def test_a_video_becomes_a_job_and_workers_are_told(setup: Setup) -> None:
    intake = setup.intake()
    job_id, made = setup.submit(intake, options=VideoOptions(sample_fps=3, webhook_url="https://good/"))
    job = intake.store.get("acme", job_id)
    assert made
    assert (job.status, job.size, job.options.sample_fps, job.facts) == (JobStatus.QUEUED, 7, 3, FACTS)
    assert setup.files() == [job_id]
    assert intake.uploads.path(job_id).read_bytes() == CONTENT
    assert (setup.sent, setup.probed) == ([job_id], [CONTENT])


def test_a_repeat_finds_the_first_job_and_leaves_nothing(setup: Setup) -> None:
    intake = setup.intake(jobs_per_tenant=1)
    first, _ = setup.submit(intake, key="k" * 64)
    intake.require_room(ACME, 7, "k" * 64)
    assert setup.submit(intake, key="k" * 64) == (first, False)
    assert setup.files() == [first]
    assert setup.sent == [first]
    assert rows(setup.database, VideoJob) == 1


@pytest.mark.parametrize(
    ("content", "options"), [(b"another", PLAIN), (CONTENT, VideoOptions(keep_upload=True))]
)
def test_a_key_is_for_one_video_and_its_options(setup: Setup, content: bytes, options: VideoOptions) -> None:
    intake = setup.intake()
    first, _ = setup.submit(intake, key="k" * 64)
    with pytest.raises(Conflict):
        setup.submit(intake, content, options, key="k" * 64)
    assert setup.files() == [first]


def test_what_is_no_video_leaves_nothing(setup: Setup) -> None:
    intake = setup.intake()
    setup.fault = InvalidRequest("no video")
    with pytest.raises(InvalidRequest):
        setup.submit(intake)
    assert setup.files() == []
    assert setup.sent == []
    assert rows(setup.database, VideoJob) == 0


def test_a_webhook_that_is_not_allowed_leaves_nothing_and_nothing_is_probed(setup: Setup) -> None:
    with pytest.raises(InvalidRequest):
        setup.submit(setup.intake(), options=VideoOptions(webhook_url="https://evil/"))
    assert setup.files() == []
    assert setup.probed == []


def _jobs(setup: Setup) -> Intake:
    return setup.intake(jobs_per_tenant=1)


def _bytes(setup: Setup) -> Intake:
    return setup.intake(bytes_per_tenant=10)


@pytest.mark.parametrize("make", [_jobs, _bytes])
def test_what_a_tenant_may_not_have_is_refused_before_and_after_reading(
    setup: Setup, make: Callable[[Setup], Intake]
) -> None:
    intake = make(setup)
    first, _ = setup.submit(intake)
    with pytest.raises(RateLimited):
        intake.require_room(ACME, 7, None)
    with pytest.raises(RateLimited):
        intake.require_room(ACME, 7, "k" * 64)
    intake.require_room(OTHER, 7, None)
    with pytest.raises(RateLimited):
        setup.submit(intake)
    assert setup.files() == [first]


def test_a_full_disk_is_said_before_reading(setup: Setup) -> None:
    with pytest.raises(Overloaded):
        setup.intake(min_free_bytes=1 << 60).require_room(ACME, 7, None)


def test_a_job_that_is_dropped_takes_its_video_along(setup: Setup) -> None:
    intake = setup.intake()
    job_id, _ = setup.submit(intake, options=VideoOptions(keep_upload=True))
    with pytest.raises(NotFound):
        intake.drop(OTHER, job_id)
    assert setup.files() == [job_id], "another tenant's is left alone"
    assert intake.drop(ACME, job_id).status == "cancelled"
    assert setup.files() == []
    assert intake.drop(ACME, job_id).status == "deleted"
    with pytest.raises(NotFound):
        intake.drop(ACME, job_id)
    assert Events(setup.database).actions("acme") == ["video.submit", "video.cancel", "video.delete"]


@pytest.mark.parametrize("job_id", ["..", "../../etc/passwd", "A" * 32, ""])
def test_what_is_no_id_is_not_found(setup: Setup, job_id: str) -> None:
    intake = setup.intake()
    with pytest.raises(NotFound):
        intake.drop(ACME, job_id)
