"""Telling forged faces from genuine ones, by frame and by video."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from training_eval.metrics.arrays import Flags, Indices, Values, codes, flags, numbers
from training_eval.metrics.groups import SMALLEST, GroupFigures, by_group
from training_eval.metrics.intervals import ROUNDS, Estimate, bootstrap
from training_eval.metrics.roc import area, error_curve, two_classes

Figure = Literal["AUC", "EER"]
_FIGURES: dict[Figure, Callable[[Values, Flags, Values | None], float]] = {
    "AUC": area,
    "EER": lambda scores, forged, weights: error_curve(scores, forged, weights).equal_error(),
}


@dataclass(frozen=True, slots=True)
class VideoScores:
    """One entry a video, in the order in which the videos come.

    Attributes:
        names: [V].
        scores: [V].
        forged: [V].
        first: [V] the index of its first frame, to look up what else is known of it.
    """

    names: tuple[str, ...]
    scores: Values
    forged: Flags
    first: Indices


def video_scores(
    scores: ArrayLike,
    forged: ArrayLike,
    videos: Sequence[str],
    reduce: Callable[[Values], float] = np.mean,
) -> VideoScores:
    """From scores of frames to scores of videos.

    The mean is what A. Rössler et al., "FaceForensics++", ICCV 2019, and Y. Li et al., "Celeb-DF", CVPR 2020, use.

    Args:
        scores: [N] of frames, higher for forged.
        forged: [N] yes or no.
        videos: [N] the video of each frame.
        reduce: From the scores of a video's frames [F] to its own.

    Raises:
        ValueError: Shapes that do not agree, scores that are not finite, or a video that is both.
    """
    values = numbers(scores, "scores")
    truth = flags(forged, "forged", len(values))
    places = codes(videos, "videos", len(values))
    first = np.unique(places, return_index=True)[1]
    if (truth != truth[first][places]).any():
        raise ValueError(
            "a video has frames that are said to be forged and frames that are said to be genuine"
        )
    reduced = np.array([float(reduce(values[places == place])) for place in range(len(first))])
    names = tuple(videos[index] for index in first)
    return VideoScores(names, numbers(reduced, "scores of videos"), truth[first], first)


def forgery_figure(
    scores: ArrayLike,
    forged: ArrayLike,
    videos: Sequence[str] | None = None,
    *,
    figure: Figure = "AUC",
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Estimate:
    """Area under the ROC curve, or the equal error rate, of frames or of videos.

    Args:
        scores: [N] higher for forged.
        forged: [N] yes or no.
        videos: [N] what is drawn for the interval: the video, as its frames are alike. Each case for itself if left
            out, which is right where the cases are videos.
        figure: Which of the two.
        rounds: Draws of the bootstrap.
        seed: Of the draws.

    Raises:
        ValueError: Shapes that do not agree, or scores that are not finite.
        Undefined: One class is missing.
    """
    values, truth = two_classes(scores, forged)
    units = np.arange(len(values)) if videos is None else codes(videos, "videos", len(values))

    def statistic(weights: Values | None) -> float:
        return _FIGURES[figure](values, truth, weights)

    return Estimate(statistic(None), bootstrap(statistic, units, rounds=rounds, seed=seed), len(values))


def by_method(
    scores: ArrayLike,
    forged: ArrayLike,
    methods: Sequence[str | None],
    videos: Sequence[str] | None = None,
    *,
    figure: Figure = "AUC",
    smallest: int = SMALLEST,
    rounds: int = ROUNDS,
) -> GroupFigures:
    """The figure of each method's forgeries against all that is genuine.

    Args:
        scores: [N] higher for forged.
        forged: [N] yes or no.
        methods: [N] such as ``Deepfakes``; what stands at genuine cases is not looked at.
        videos: As ``forgery_figure``.
        figure: As ``forgery_figure``.
        smallest: Forgeries of a method that is judged.
        rounds: Draws of the bootstrap.

    Raises:
        ValueError: Shapes that do not agree, or scores that are not finite.
    """
    values = numbers(scores, "scores")
    truth = flags(forged, "forged", len(values))
    _check(methods, videos, len(values))
    genuine = np.flatnonzero(~truth)
    groups = [method if fake else None for method, fake in zip(methods, truth, strict=True)]

    def figure_of(cases: Indices) -> Estimate:
        both = np.concatenate([cases, genuine])
        made = _figure_of(values, truth, videos, both, figure, rounds)
        return Estimate(made.value, made.interval, len(cases))

    return by_group(groups, figure_of, smallest)


def by_compression(
    scores: ArrayLike,
    forged: ArrayLike,
    compressions: Sequence[str | None],
    videos: Sequence[str] | None = None,
    *,
    figure: Figure = "AUC",
    smallest: int = SMALLEST,
    rounds: int = ROUNDS,
) -> GroupFigures:
    """The figure within each level of compression, such as ``c23``; arguments and errors as ``by_method``."""
    values = numbers(scores, "scores")
    truth = flags(forged, "forged", len(values))
    _check(compressions, videos, len(values))
    return by_group(
        compressions, lambda cases: _figure_of(values, truth, videos, cases, figure, rounds), smallest
    )


def _figure_of(
    scores: Values, forged: Flags, videos: Sequence[str] | None, cases: Indices, figure: Figure, rounds: int
) -> Estimate:
    names = None if videos is None else [videos[case] for case in cases]
    return forgery_figure(scores[cases], forged[cases], names, figure=figure, rounds=rounds)


def _check(groups: Sequence[str | None], videos: Sequence[str] | None, count: int) -> None:
    if len(groups) != count or (videos is not None and len(videos) != count):
        raise ValueError(f"groups and videos need an entry for each of the {count} cases")
