"""Chunks without models: what is looked at, kept and looked at again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from altered_clips import HEIGHT, WIDTH, write_clip

from bentos.contracts import VideoOptions, VideoResult
from bentos.deepfake_detection.video.attempt import Attempt
from bentos.deepfake_detection.video.decoding import Frame
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.findings import Findings
from bentos.deepfake_detection.video.records import Claim
from bentos.deepfake_detection.video.verdict import Judgement, conclude
from models.processing.tracking import Observation

SECONDS, FPS = 6.0, 2.0
CHUNK_S = 2.0


class BrightAnalysis:
    """The brightness of a frame is the score of its only face."""

    def __init__(self, model: str = "one") -> None:
        self.looked_at: list[int] = []
        self._model = model

    def mark(self, options: VideoOptions, per_chunk: int) -> str:
        return f"{self._model}/{per_chunk}"

    def chunk(self, frames: Iterable[Frame], options: VideoOptions, mark: str) -> bytes:
        held = list(frames)
        self.looked_at += [frame.index for frame in held]
        seen = [
            Observation(one.index, one.time_s, (0, 0, 100, 100), round(float(one.pixels.mean()) / 255, 3))
            for one in held
        ]
        return Findings(mark, {one.index: one.time_s for one in held}, seen, {}).to_bytes()

    def conclude(self, chunks: Iterable[Findings], facts: VideoFacts, options: VideoOptions) -> VideoResult:
        return conclude(chunks, facts, options, Judgement(0.5, 0.07))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "brighter"
    shades = np.linspace(20, 230, round(SECONDS * 10)).astype(np.uint8)
    write_clip(path, (np.full((HEIGHT, WIDTH, 3), shade, np.uint8) for shade in shades))
    return path


class Run:
    """One attempt; ``kept`` is what it saved."""

    def __init__(self, clip: Path, chunk_s: float = CHUNK_S, chunks: int = 100, model: str = "one") -> None:
        facts = VideoFacts("mp4", "h264", WIDTH, HEIGHT, SECONDS, 10.0)
        claim = Claim("0" * 32, "acme", VideoOptions(sample_fps=FPS), facts, 1, 0.0)
        self.kept: dict[int, bytes] = {}
        self.progress: list[float] = []
        self.analysis = BrightAnalysis(model)
        self._left = chunks
        self._attempt = Attempt(claim, clip, chunk_s, self._save, self.progress.append)

    def over(self, kept: Mapping[int, bytes]) -> VideoResult | None:
        stand_in: Any = self.analysis
        return self._attempt.run(stand_in, kept)

    def _save(self, number: int, payload: bytes) -> bool:
        self._left -= 1
        if self._left < 0:
            return False
        self.kept[number] = payload
        return True


def test_the_whole_video_is_looked_at_in_chunks(clip: Path) -> None:
    run = Run(clip)
    result = run.over({})
    assert result is not None
    assert run.analysis.looked_at == list(range(12))
    assert list(run.kept) == [0, 1, 2]
    assert [point.time_s for point in result.timeline] == [frame / FPS for frame in range(12)]
    points = [point.score for point in result.timeline]
    assert points == sorted(points)
    assert points[-1] - points[0] > 0.5


def test_the_progress_grows_to_its_end(clip: Path) -> None:
    run = Run(clip)
    run.over({})
    assert run.progress == sorted(run.progress)
    assert 0 < run.progress[0] < 0.2
    assert run.progress[-1] == 1.0


@pytest.mark.parametrize("chunks", [0, 1, 2])
def test_a_job_that_is_lost_ends_and_another_attempt_goes_on_to_the_same_result(
    clip: Path, chunks: int
) -> None:
    whole, first, second = Run(clip), Run(clip, chunks=chunks), Run(clip)
    assert first.over({}) is None
    assert list(first.kept) == list(range(chunks))
    assert second.over(first.kept) == whole.over({})
    assert second.analysis.looked_at == list(range(4 * chunks, 12))
    assert {**first.kept, **second.kept} == whole.kept


def test_what_is_kept_whole_is_not_looked_at_again(clip: Path) -> None:
    whole, again = Run(clip), Run(clip)
    result = whole.over({})
    assert again.over(whole.kept) == result
    assert again.analysis.looked_at == []


def test_what_is_damaged_missing_or_of_another_kind_is_looked_at_again(clip: Path) -> None:
    whole = Run(clip)
    result = whole.over({})
    gap = {number: whole.kept[number] for number in (0, 2)}
    damaged = {**whole.kept, 1: whole.kept[1][:-40]}
    for kept in (gap, damaged):
        run = Run(clip)
        assert run.over(kept) == result
        assert run.analysis.looked_at == list(range(4, 12))
    for other in (Run(clip, model="two"), Run(clip, chunk_s=1.0)):
        assert other.over(whole.kept) == result
        assert other.analysis.looked_at == list(range(12))
