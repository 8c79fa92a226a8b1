"""From the scores of single frames to a score of a track, and from tracks to a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Windowing:
    """How many observations decide together.

    Attributes:
        seconds: Length of the window; an alteration as long as this is meant to be noticed.
        least: Observations of a window at least, however few frames a second are looked at.
    """

    seconds: float = 2.0
    least: int = 4

    def size(self, sample_fps: float) -> int:
        """Observations of one window at a rate of sampled frames a second."""
        return max(self.least, round(self.seconds * sample_fps))


def track_score(scores: Sequence[float], window: int, prior: float) -> float:
    """How suspicious the worst part of a track is.

    The largest winsorised mean over all windows of ``window`` consecutive observations, a scan statistic (J. Naus,
    "The distribution of the size of the maximum cluster of points on a line", JASA 60, 1965). In each window the
    highest quarter (of ``window``, rounded down, at least one) counts as the highest value below it (winsorised:
    W. Dixon, "Simplified estimation from censored normal samples", Annals of Mathematical Statistics 31, 1960):
    what a quarter of a window alone shows, one frame in the usual case, is taken for noise. A track shorter than a
    window is filled up with ``prior``, so that few observations say little and a single one nothing.

    The result is a mean of probabilities and lies in [0, 1]. Measured is the probability of one frame, on
    photographs. Assumed is that the mean over a window may be read as one: frames of a window are far from
    independent, so that they make the score steadier and not surer. A long track has many windows, and its largest
    is higher by chance; nothing is taken off for that, because the noise of genuine videos has been measured on
    two clips alone.

    Args:
        scores: Of the track's observations in order of time, in [0, 1]; at least one.
        window: Observations of a window; at least 2.
        prior: What a face scores of which nothing is known, in [0, 1].

    Returns:
        In [0, 1].

    Raises:
        ValueError: No scores, or a window of one.
    """
    if not len(scores) or window < 2:
        raise ValueError("a track has at least one score, and a window at least two")
    values = np.asarray(scores, np.float64)
    filled = np.concatenate([values, np.full(max(0, window - len(values)), prior)])
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(filled, window), axis=1)
    cut = max(1, window // 4)
    kept = windows[:, : window - cut]
    means = (kept.sum(axis=1) + cut * kept[:, -1]) / window
    return float(np.clip(means.max(), 0.0, 1.0))


def video_score(tracks: Sequence[float], prior: float) -> float:
    """The score of a video: that of its most suspicious track, ``prior`` without one.

    One altered face makes a video an altered one, as the most suspicious face does a picture. The more faces a
    video shows, the higher the largest is by chance; nothing is taken off for that.

    Args:
        tracks: Of ``track_score``, in [0, 1].
        prior: As there.
    """
    return max(tracks, default=prior)
