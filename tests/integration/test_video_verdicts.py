"""Videos through the running service and its worker: what comes of good, odd and hostile ones, and what stays."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from altered_clips import filmed, photograph, portrait, with_face_of, write_clip
from integration.galleries import Caller
from integration.videos import Deepfake, submit, submitted, uploads
from service_process import ServiceProcess
from video_worker import VideoWorker
from videos import claiming, numbered, truncated, without_frames, write_audio, write_video

from bentos.common.loading import open_model
from bentos.common.model_set import served
from bentos.common.settings import Settings
from models.catalogue.card import Task
from models.runtime.detector import DetectorModel
from models.runtime.session import Pixels

PORTRAIT = Path(__file__).parents[2] / "workbench" / "samples" / "portrait.jpg"
LIMIT_S = 90
SECONDS, MIDDLE = 8.0, (3.0, 5.0)


@pytest.fixture(scope="module")
def service(
    deepfake: Deepfake, mirror: Path, model_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceProcess]:
    """The service with a worker beside it."""
    with deepfake() as service:
        own = {"FACESOCIAL_STATE_DIR": str(service.folder / "state")}
        with VideoWorker(tmp_path_factory.mktemp("worker"), mirror, model_cache, own):
            yield service


@pytest.fixture
def caller(service: ServiceProcess) -> Iterator[Caller]:
    """An operator of a new tenant; whatever it did, no upload stays."""
    yield Caller(service, uuid.uuid4().hex)
    wait(lambda: not uploads(service))


def wait(condition: Callable[[], object]) -> None:
    limit = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.1)


def ended(caller: Caller, video: Path, **options: str) -> dict[str, Any]:
    """The job of a video once it is over."""
    job_id = submitted(caller, video.read_bytes(), **options)
    jobs: list[dict[str, Any]] = []

    def over() -> bool:
        jobs.append(caller.data("GET", f"/jobs/{job_id}"))
        return jobs[-1]["status"] in ("succeeded", "failed")

    wait(over)
    return jobs[-1]


def drawn(count: int, width: int = 640, height: int = 640) -> Iterator[Pixels]:
    """The drawn portrait, moving a little."""
    picture = cv2.resize(cv2.imread(str(PORTRAIT)), (height, height))
    room = np.zeros((height, width, 3), np.uint8)
    room[:, (width - height) // 2 : (width + height) // 2] = picture
    for number in range(count):
        yield np.roll(room, number, axis=1)


def text_file(path: Path) -> Path:
    path.write_text("Dear Sir or Madam, " * 1000)
    return path


def cut_off(path: Path) -> Path:
    whole = write_video(path.with_name("whole.mp4"), numbered(100))
    return truncated(whole, 0.6, path)


def twelve_hours(path: Path) -> Path:
    whole = write_video(
        path.with_name("whole.mp4"), numbered(100), container_options={"movflags": "faststart"}
    )
    return claiming(whole, 12 * 3600, path, frames=True)


@pytest.mark.parametrize("make", [text_file, cut_off, without_frames, twelve_hours, write_audio])
def test_what_is_no_video_is_refused_at_once(
    make: Callable[[Path], Path], caller: Caller, tmp_path: Path
) -> None:
    answer = submit(caller, make(tmp_path / "video.mp4").read_bytes())
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_REQUEST"), answer.text
    assert uploads(caller.service) == set()
    assert caller.data("GET", "/jobs")["jobs"] == []


def test_without_a_face_there_is_no_verdict(caller: Caller, clip: bytes, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(clip)
    job = ended(caller, tmp_path / "clip.mp4")
    assert (job["status"], job["error"]["code"], job["result"]) == ("failed", "NO_FACE", None)


def ten_audio_tracks(path: Path) -> Path:
    return write_video(path, drawn(20), fps=10, audio_tracks=10, audio_s=4)


def variable_rate(path: Path) -> Path:
    times = [*np.linspace(0, 0.3, 10), *np.linspace(0.5, 1.9, 10)]
    return write_video(path, drawn(20), times_s=[float(at) for at in times])


def turned(path: Path) -> Path:
    lying = (np.ascontiguousarray(np.rot90(frame)) for frame in drawn(20))
    return write_video(path, lying, fps=10, clockwise=90)


def large(path: Path) -> Path:
    return write_video(path, drawn(4, 7680, 4320), fps=2, options={"preset": "ultrafast"})


@pytest.mark.parametrize("make", [ten_audio_tracks, variable_rate, turned, large])
def test_odd_videos_are_judged_as_they_are_shown(
    make: Callable[[Path], Path], caller: Caller, tmp_path: Path
) -> None:
    job = ended(caller, make(tmp_path / "video.mp4"))
    assert job["status"] == "succeeded", job
    result = job["result"]
    assert result["duration_s"] == pytest.approx(2.0, abs=0.15)
    times = [point["time_s"] for point in result["timeline"]]
    assert times == [0.0, 0.5, 1.0, 1.5, 2.0][: len(times)]
    assert len(times) >= 4
    assert {point["faces"] for point in result["timeline"]} == {1}
    assert len(result["tracks"]) == 1


@pytest.mark.parametrize("name", ["short_hamilton_clip.mp4", "video.mp4"])
def test_genuine_clips_are_not_called_fake(name: str, caller: Caller, photos: Path) -> None:
    job = ended(caller, photos / "video" / name)
    assert job["status"] == "succeeded", job
    result = job["result"]
    assert not result["fake"]
    assert (
        len(result["timeline"]) == result["frames_analyzed"] == pytest.approx(2 * result["duration_s"], abs=2)
    )
    assert result["tracks"]


def test_two_altered_seconds_stand_out_in_the_timeline(
    caller: Caller, mirror: Path, photos: Path, tmp_path: Path
) -> None:
    """A face that a published forgery method made, pasted over a genuine one from the third to the fifth second."""
    settings = Settings(state_dir=tmp_path / "state", model_mirror=str(mirror))
    detector = open_model(
        served(settings, [Task.FACE_DETECTION])[Task.FACE_DETECTION], settings, lambda: True
    )
    assert isinstance(detector, DetectorModel)
    still = portrait(detector, photograph(photos / "people" / "obama.jpg"))
    fake = with_face_of(detector, still, photograph(photos / "deepfake" / "df" / "df00204.jpg"))
    genuine, altered = tmp_path / "genuine.mp4", tmp_path / "altered.mp4"
    write_clip(genuine, filmed(still, fake, [], SECONDS))
    write_clip(altered, filmed(still, fake, [MIDDLE], SECONDS))
    before, after = ended(caller, genuine)["result"], ended(caller, altered)["result"]
    assert (before["fake"], after["fake"]) == (False, True)
    for point in after["timeline"]:
        inside = MIDDLE[0] <= point["time_s"] < MIDDLE[1]
        assert (point["score"] > 0.5) == inside, point
    assert MIDDLE[0] <= after["moments"][0]["time_s"] < MIDDLE[1]
