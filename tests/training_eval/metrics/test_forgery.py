"""By frame, by video, by method, by compression: beside plain counting and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs the extra `train`")

from training_eval.metrics.arrays import Undefined
from training_eval.metrics.forgery import by_compression, by_method, forgery_figure, video_scores


def wins(scores: Any, forged: Any) -> float:
    """How often a forged case scores above a genuine one."""
    positive = [s for s, f in zip(scores, forged, strict=True) if f]
    negative = [s for s, f in zip(scores, forged, strict=True) if not f]
    return sum((p > n) + 0.5 * (p == n) for p in positive for n in negative) / (len(positive) * len(negative))


SCORES = [0.9, 0.2, 0.7, 0.4, 0.5, 0.1]
FORGED = [True, True, True, False, False, False]
VIDEOS = ["a", "a", "b", "c", "c", "d"]


def test_videos_by_hand() -> None:
    made = video_scores(SCORES, FORGED, VIDEOS)
    assert made.names == ("a", "b", "c", "d")
    assert made.scores.tolist() == pytest.approx([0.55, 0.7, 0.45, 0.1])
    assert made.forged.tolist() == [True, True, False, False]
    assert made.first.tolist() == [0, 2, 3, 5]
    assert video_scores(SCORES, FORGED, VIDEOS, max).scores.tolist() == [0.9, 0.7, 0.5, 0.1]
    # Two of nine pairs of frames are the wrong way round, no pair of videos is.
    assert forgery_figure(SCORES, FORGED, rounds=5).value == pytest.approx(7 / 9)
    assert forgery_figure(made.scores, made.forged, rounds=5).value == 1


def test_frames_of_a_video_need_not_stand_together() -> None:
    order = np.random.default_rng(0).permutation(6)
    shuffled = video_scores(
        np.array(SCORES)[order], np.array(FORGED)[order], [VIDEOS[index] for index in order]
    )
    whole = video_scores(SCORES, FORGED, VIDEOS)
    assert dict(zip(shuffled.names, shuffled.scores, strict=True)) == pytest.approx(
        dict(zip(whole.names, whole.scores, strict=True))
    )


def test_a_video_is_forged_or_genuine() -> None:
    with pytest.raises(ValueError, match="said to be forged"):
        video_scores([0.1, 0.2], [True, False], ["a", "a"])
    with pytest.raises(ValueError, match="scores of videos"):
        video_scores([0.1, 0.2], [True, True], ["a", "a"], lambda frames: float("nan"))
    assert video_scores([], [], []).names == ()


def drawn() -> tuple[np.ndarray, np.ndarray, list[str], list[str | None], list[str]]:
    """Sixty videos of eight frames, a third genuine; NeuralTextures is hard to tell."""
    random = np.random.default_rng(1)
    kinds = np.repeat([None, "Deepfakes", "NeuralTextures"], 20)
    shift = {None: 0.0, "Deepfakes": 4.0, "NeuralTextures": 0.7}
    base = np.array([random.normal(shift[kind], 1) for kind in kinds])
    scores = np.repeat(base, 8) + random.normal(0, 0.1, 480)
    methods = np.repeat(kinds, 8)
    videos = [f"v{index // 8}" for index in range(480)]
    levels = ["c23" if index // 8 % 2 else "c40" for index in range(480)]
    return scores, np.array([method is not None for method in methods]), videos, methods.tolist(), levels


@pytest.mark.parametrize("figure", ["AUC", "EER"])
def test_the_interval_comes_from_videos(figure: Any) -> None:
    scores, forged, videos, *_ = drawn()
    by_video = forgery_figure(scores, forged, videos, figure=figure, rounds=200)
    by_frame = forgery_figure(scores, forged, figure=figure, rounds=200)
    assert by_video.interval is not None
    assert by_frame.interval is not None
    assert by_video.value == by_frame.value
    assert by_video.value in by_video.interval
    wide = by_video.interval.high - by_video.interval.low
    assert wide > 1.7 * (by_frame.interval.high - by_frame.interval.low)


def test_each_method_stands_against_all_that_is_genuine() -> None:
    scores, forged, videos, methods, _ = drawn()
    made = by_method(scores, forged, methods, videos, rounds=10)
    assert sorted(made.figures) == ["Deepfakes", "NeuralTextures"]
    for name, estimate in made.figures.items():
        part = [index for index, method in enumerate(methods) if method in (None, name)]
        assert estimate.value == pytest.approx(wins(scores[part], forged[part]))
        assert estimate.count == 160
    assert made.gap().smallest == "NeuralTextures"
    assert by_method(scores, forged, methods, figure="EER", rounds=5).gap().largest == "NeuralTextures"


def test_a_method_named_at_genuine_cases_is_not_looked_at() -> None:
    scores, forged, _, methods, _ = drawn()
    named = [method or "original" for method in methods]
    assert by_method(scores, forged, named, rounds=5) == by_method(scores, forged, methods, rounds=5)


def test_compression_divides_both_classes() -> None:
    scores, forged, videos, _, levels = drawn()
    made = by_compression(scores, forged, levels, videos, rounds=10)
    for name, estimate in made.figures.items():
        part = [index for index, level in enumerate(levels) if level == name]
        assert (estimate.value, estimate.count) == (pytest.approx(wins(scores[part], forged[part])), 240)
    alone = by_compression(scores[forged], forged[forged], np.array(levels)[forged].tolist())
    assert (alone.figures, sorted(alone.left_out)) == ({}, ["c23", "c40"])


def test_hostile() -> None:
    with pytest.raises(Undefined, match="two classes"):
        forgery_figure([0.1], [True])
    for scores, forged, videos in (([np.nan, 1], [0, 1], None), ([0, 1], [0], None), ([0, 1], [0, 1], ["a"])):
        with pytest.raises(ValueError, match=r"scores|classes|videos"):
            forgery_figure(scores, forged, videos)
    for split in (by_method, by_compression):
        with pytest.raises(ValueError, match="entry for each"):
            split([0.1, 0.2], [0, 1], ["c23"])
        with pytest.raises(ValueError, match="entry for each"):
            split([0.1, 0.2], [0, 1], ["c23", "c23"], ["a"])
