from __future__ import annotations

import base64
from collections.abc import Sequence
from itertools import pairwise

import pytest

from bentos.contracts import VideoOptions, VideoResult
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.findings import Findings
from bentos.deepfake_detection.video.verdict import APART_S, MOMENTS, Judgement, conclude
from models.errors import NoFace
from models.processing.temporal import track_score
from models.processing.tracking import Observation

FPS = 2.0
RULE = Judgement(threshold=0.5, prior=0.07)
FACTS = VideoFacts("mp4", "h264", 1920, 1080, 10.0, 25.0)


def at(frame: int, score: float, x: float = 0.0) -> Observation:
    return Observation(frame, frame / FPS, (x, 0.0, 100.0, 100.0), score)


def chunks(seen: Sequence[Observation], frames: int = 20, size: int = 8) -> list[Findings]:
    parts = []
    for start in range(0, frames, size):
        numbers = range(start, min(start + size, frames))
        held = [one for one in seen if one.frame in numbers]
        pictures = {place: f"{one.frame}".encode() for place, one in enumerate(held)}
        parts.append(Findings("mark", {n: n / FPS for n in numbers}, held, pictures))
    return parts


def judged(seen: Sequence[Observation], **options: bool) -> VideoResult:
    return conclude(chunks(seen), FACTS, VideoOptions(sample_fps=FPS, **options), RULE)


def test_every_frame_has_its_point_with_the_worst_face_or_none() -> None:
    result = judged([at(3, 0.2), at(3, 0.61239, x=500), at(4, 0.3)])
    assert result.frames_analyzed == len(result.timeline) == 20
    assert [point.time_s for point in result.timeline] == [frame / FPS for frame in range(20)]
    found = {point.time_s: (point.score, point.faces) for point in result.timeline if point.faces}
    assert found == {1.5: (0.6124, 2), 2.0: (0.3, 1)}
    assert all(point.score == 0 for point in result.timeline if not point.faces)


def test_two_altered_seconds_make_a_fake_and_one_frame_makes_none() -> None:
    genuine = [at(frame, 0.1) for frame in range(20)]
    altered = [at(one.frame, 0.9 if 8 <= one.frame < 12 else one.score) for one in genuine]
    noisy = [at(one.frame, 0.9 if one.frame == 8 else one.score) for one in genuine]
    assert (judged(genuine).fake, judged(genuine).score) == (False, 0.1)
    assert (judged(altered).fake, judged(altered).score) == (True, 0.9)
    assert (judged(noisy).fake, judged(noisy).score) == (False, 0.1)
    assert max(point.score for point in judged(noisy).timeline) == 0.9


def test_tracks_say_where_each_face_was_and_the_worst_is_the_videos() -> None:
    left = [at(frame, 0.1) for frame in range(10)]
    right = [at(frame, 0.7, x=900) for frame in range(4, 14)]
    result = judged([*left, *right])
    spans = [(one.track_id, one.start_s, one.end_s, one.faces, one.score) for one in result.tracks]
    assert spans == [(0, 0.0, 4.5, 10, 0.1), (1, 2.0, 6.5, 10, 0.7)]
    assert (result.fake, result.score, result.duration_s, result.sample_fps) == (True, 0.7, 10.0, FPS)


def test_a_face_that_was_seen_once_is_not_enough() -> None:
    result = judged([at(3, 1.0)])
    assert (result.fake, result.score) == (False, RULE.prior)
    assert result.score == track_score([1.0], 4, RULE.prior)


def test_moments_are_the_worst_first_apart_and_few() -> None:
    scores = [0.1, 0.2, 0.9, 0.8, 0.3, 0.4, 0.5, 0.55, 0.05, 0.6, 0.7, 0.61, 0.2, 0.3, 0.3, 0.35, *[0.1] * 4]
    moments = judged([at(frame, score) for frame, score in enumerate(scores)]).moments
    assert len(moments) == MOMENTS
    assert (moments[0].time_s, moments[0].score) == (1.0, 0.9)
    assert [one.score for one in moments] == sorted((one.score for one in moments), reverse=True)
    times = sorted(one.time_s for one in moments)
    assert all(after - before >= APART_S for before, after in pairwise(times))
    assert [one.time_s for one in moments] == [1.0, 5.0, 3.5, 2.5, 7.5]  # 4.5 is too near
    assert all(one.thumbnail is None for one in moments)


def test_moments_have_their_pictures_where_they_were_asked_for() -> None:
    moments = judged([at(frame, frame / 20) for frame in range(20)], keep_thumbnails=True).moments
    assert [base64.b64decode(one.thumbnail or "") for one in moments] == [b"19", b"17", b"15", b"13", b"11"]


def test_how_a_video_was_cut_into_chunks_does_not_matter() -> None:
    seen = [at(frame, (frame * 7 % 20) / 20, x=4.0 * frame) for frame in range(20)]
    options = VideoOptions(sample_fps=FPS)
    results = [conclude(chunks(seen, size=size), FACTS, options, RULE) for size in (1, 3, 8, 20)]
    assert all(result == results[0] for result in results)


def test_without_any_face_there_is_no_verdict() -> None:
    with pytest.raises(NoFace, match="frames of the video") as caught:
        judged([])
    assert caught.value.details == {"frames": 20}
