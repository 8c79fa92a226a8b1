"""Videos in the bench: what is made, what is written down, and two seconds for real."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from deploy.bench.__main__ import main
from deploy.bench.load import BenchFailed
from deploy.bench.report import markdown, write
from deploy.bench.video_clip import FPS, HEIGHT, WIDTH, make_clip
from deploy.bench.video_report import VideoRow
from deploy.bench.videos import measure_video

ROW = VideoRow(
    name="H.264 1080p, 600 s",
    duration_s=600.0,
    frames=1200,
    faces=2.0,
    wall_s=100.0,
    cpu_s=180.0,
    resident_mb=(400.0, 410.0, 420.0),
    peak_mb=450.0,
    steps={"decode": 50.0, "judge": 25.0},
)


def test_a_clip_repeats_itself_until_it_is_long_enough(tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.mp4", 3.0, loop_s=1)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]
    with av.open(str(tmp_path / "clip.mp4")) as clip:
        frames = list(clip.decode(video=0))
        assert [(frame.width, frame.height) for frame in frames] == [(WIDTH, HEIGHT)] * 75
        assert [round((frame.time or 0) * FPS) for frame in frames] == list(range(75))
        small = [frame.to_ndarray(format="gray8", width=96, height=54).astype(int) for frame in frames]
    assert np.abs(small[3] - small[28]).max() < 3
    assert np.abs(small[3] - small[53]).max() < 3
    assert np.abs(small[3] - small[10]).max() > 20  # somebody moves


def test_a_clip_may_end_within_a_loop(tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.mp4", 1.6, loop_s=1)
    with av.open(str(tmp_path / "clip.mp4")) as clip:
        frames = list(clip.decode(video=0))
        assert abs(len(frames) - 1.6 * FPS) <= 3
        assert not any(frame.is_corrupt for frame in frames)


def test_rows_stand_in_all_outputs(tmp_path: Path) -> None:
    write([], tmp_path, videos=[ROW])
    (found,) = json.loads((tmp_path / "bench.json").read_text())["videos"]
    assert found["resident_mb"] == [400.0, 410.0, 420.0]
    text = (tmp_path / "bench.md").read_text()
    assert "| H.264 1080p, 600 s | 1200 | 2.0 | 100.0 | 6.0 | 12.0 | 180.0 | 400 | 410 | 420 | 450 |" in text
    assert "decode 50%, judge 25%, rest 25%" in text
    assert {line.count("|") for line in text.splitlines() if line.startswith("|")} == {12}
    assert "Videos" not in markdown([])


def test_a_length_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for length in ("0", "nan", "inf"):
        with pytest.raises(SystemExit):
            main(["--video", length])
        assert "at least one second" in capsys.readouterr().err


@pytest.fixture
def models(mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where models are kept; other settings of the machine lead nowhere."""
    monkeypatch.setenv("FACESOCIAL_MODEL_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("FACESOCIAL_MODEL_MIRROR", str(mirror))
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:nothing@127.0.0.1:1/somebody")
    monkeypatch.setenv("FACESOCIAL_VIDEO_UPLOADS_DIR", "/nowhere")
    return tmp_path / "models"


def test_a_short_video_is_made_and_analysed(models: Path, tmp_path: Path) -> None:
    row = measure_video(2.0, tmp_path / "bench", sample_fps=5.0)
    assert (row.duration_s, row.frames) == (2.0, 10)
    assert row.faces == 2.0
    assert {"open", "decode", "detect", "describe", "judge", "conclude"} == set(row.steps)
    assert 0 < sum(row.steps.values()) < row.wall_s
    assert row.cpu_s > 0
    assert row.peak_mb >= row.resident_mb[2] > 50
    assert not list((tmp_path / "bench").iterdir())


def test_who_is_in_the_video_can_be_chosen(models: Path, tmp_path: Path) -> None:
    landscape = Path("workbench/samples/landscape.jpg")
    with pytest.raises(BenchFailed, match="No face was found"):
        measure_video(1.0, tmp_path / "bench", [landscape])


def test_a_row_says_what_the_rest_took() -> None:
    assert replace(ROW, steps={}).shares() == "rest 100%"
