from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.processing.temporal import Windowing, track_score, video_score

PRIOR = 0.07
_scores = st.lists(st.floats(0, 1), min_size=1, max_size=40)
_window = st.integers(2, 24)


def _slow(scores: list[float], window: int, prior: float) -> float:
    filled = scores + [prior] * (window - len(scores))
    best = 0.0
    for start in range(len(filled) - window + 1):
        part = sorted(filled[start : start + window], reverse=True)
        cut = max(1, math.floor(window / 4))
        best = max(best, sum([part[cut]] * cut + part[cut:]) / window)
    return best


@given(_scores, _window, st.floats(0, 1))
def test_it_is_the_largest_winsorised_mean(scores: list[float], window: int, prior: float) -> None:
    assert track_score(scores, window, prior) == pytest.approx(_slow(scores, window, prior), abs=1e-12)


@given(_scores, _window, st.floats(0, 1))
def test_it_is_a_probability_and_lies_among_what_it_is_made_of(
    scores: list[float], window: int, prior: float
) -> None:
    found = track_score(scores, window, prior)
    filled = [*scores, prior] if len(scores) < window else scores
    assert 0.0 <= found <= 1.0
    assert min(filled) - 1e-12 <= found <= max(filled) + 1e-12


@given(_scores, _window, st.floats(0, 1), st.data())
def test_a_higher_score_of_one_frame_never_lowers_it(
    scores: list[float], window: int, prior: float, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(scores) - 1))
    higher = scores.copy()
    higher[place] = data.draw(st.floats(scores[place], 1))
    assert track_score(higher, window, prior) >= track_score(scores, window, prior) - 1e-12


@pytest.mark.parametrize("fps", [1.0, 2.0, 5.0, 10.0])
def test_two_altered_seconds_in_a_genuine_minute_lift_it_and_one_noisy_frame_does_not(fps: float) -> None:
    windowing = Windowing()
    window = windowing.size(fps)
    genuine = [0.1] * round(60 * fps)
    noisy, altered = genuine.copy(), genuine.copy()
    noisy[len(noisy) // 2] = 1.0
    start = len(altered) // 2
    altered[start : start + window] = [0.8] * window
    assert track_score(noisy, window, PRIOR) == pytest.approx(0.1)
    assert track_score(altered, window, PRIOR) == pytest.approx(0.8)


def test_what_is_altered_within_a_window_is_found_wherever_it_lies() -> None:
    for start in range(17):
        scores = [0.05] * 20
        scores[start : start + 4] = [0.9] * 4
        assert track_score(scores, 4, PRIOR) == pytest.approx(0.9)


def test_few_observations_say_little_and_one_says_nothing() -> None:
    found = [track_score([0.9] * count, 4, PRIOR) for count in range(1, 6)]
    assert found[0] == PRIOR
    assert found == sorted(found)
    assert found[1] < 0.5 < found[2] < found[3] == found[4] == pytest.approx(0.9)


def test_a_window_has_two_seconds_or_four_observations() -> None:
    assert [Windowing().size(fps) for fps in (0.1, 1.0, 2.0, 3.0, 10.0)] == [4, 4, 4, 6, 20]


def test_a_video_is_as_suspicious_as_its_worst_track() -> None:
    assert video_score([0.2, 0.7, 0.1], PRIOR) == 0.7
    assert video_score([], PRIOR) == PRIOR


def test_nothing_has_no_score() -> None:
    with pytest.raises(ValueError, match="at least one score"):
        track_score([], 4, PRIOR)
    with pytest.raises(ValueError, match="a window at least two"):
        track_score([0.5], 1, PRIOR)
