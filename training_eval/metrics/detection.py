"""Finding faces, by the protocol of WIDER FACE.

Source: S. Yang et al., "WIDER FACE: a face detection benchmark", CVPR 2016, and its evaluation code
(``eval_tools``, http://shuoyang1213.me/WIDERFACE): overlaps count the last pixel of a box as part of it, scores are
stretched to [0, 1] over the whole set, and the curve is taken at a thousand thresholds.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training_eval.metrics.arrays import Flags, Indices, Undefined, Values
from training_eval.metrics.intervals import ROUNDS, Estimate, bootstrap, share
from training_eval.metrics.matching import Picture, match

THRESHOLDS = 1000
SIZES = (0.0, 16.0, 32.0, 64.0, 128.0, np.inf)


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """The curve at falling scores, and its area.

    Attributes:
        precision: [1000] share of what was found that is a face; 0 where nothing was found.
        recall: [1000] share of the faces that were found.
        faces: That count.
    """

    precision: Values
    recall: Values
    faces: int

    @property
    def average_precision(self) -> float:
        """Area under the curve whose precision never rises with recall (PASCAL VOC 2010)."""
        recall = np.concatenate([[0.0], self.recall, [1.0]])
        precision = np.concatenate([[0.0], self.precision, [0.0]])
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        return float(np.diff(recall) @ envelope[1:])


def precision_recall(pictures: Sequence[Picture], subset: str | None = None) -> PrecisionRecall:
    """The curve of WIDER FACE.

    In a picture the surest detection goes first. It belongs to the face that it overlaps most; from 0.5 on it finds
    that face, unless it was found before, in which case it is a false alarm. A picture in which no face is labelled
    at all is left out, as in the published code; ``at_score`` counts what is found there.

    Args:
        pictures: The whole set.
        subset: Such as ``easy``; all faces that are not ignored if left out.

    Raises:
        ValueError: Shapes that do not agree, numbers that are not finite, or no such subset.
        Undefined: No face counts.
    """
    counted = _count(pictures, subset)
    return counted.curve(np.ones(len(counted.faces)))


def average_precision(
    pictures: Sequence[Picture], subset: str | None = None, *, rounds: int = ROUNDS, seed: int = 0
) -> Estimate:
    """AP of ``precision_recall``, its interval from drawing pictures, and the number of faces; arguments as there."""
    counted = _count(pictures, subset)
    whole = counted.curve(np.ones(len(counted.faces)))
    interval = bootstrap(
        lambda weights: counted.curve(weights).average_precision,
        np.arange(len(counted.faces)),
        rounds=rounds,
        seed=seed,
    )
    return Estimate(whole.average_precision, interval, whole.faces)


@dataclass(frozen=True, slots=True)
class AtScore:
    """At one threshold: share of the faces that are found, and share of what is found that is a face."""

    recall: Estimate
    precision: Estimate | None


def at_score(pictures: Sequence[Picture], score: float, subset: str | None = None) -> AtScore:
    """Recall and precision of what scores ``score`` or more; pictures without faces count here.

    Returns:
        Without a precision where nothing is found.

    Raises:
        ValueError: As ``precision_recall``.
        Undefined: No face counts.
    """
    matched = [match(picture, subset) for picture in pictures]
    hits = sum(int((one.found_at >= score).sum()) for one in matched)
    found = sum(int((one.counts & (one.scores >= score)).sum()) for one in matched)
    faces = sum(len(one.found_at) for one in matched)
    return AtScore(share(hits, faces, "faces that count"), share(hits, found) if found else None)


def found_by_size(
    pictures: Sequence[Picture],
    score: float,
    edges: Sequence[float] = SIZES,
    subset: str | None = None,
) -> dict[str, Estimate]:
    """Share of the faces found at a score, by their height: sizes without faces are left out.

    Args:
        pictures: The whole set.
        score: Lowest that counts.
        edges: Rising, in pixels; a size reaches from its lower edge to below the next.
        subset: As ``precision_recall``.

    Returns:
        By size, such as ``16-32 px`` and ``128 px and more``.

    Raises:
        ValueError: As ``precision_recall``, or edges that do not rise.
    """
    if len(edges) < 2 or not (np.diff(np.asarray(edges, np.float64)) > 0).all():
        raise ValueError("edges of sizes have to rise")
    matched = [match(picture, subset) for picture in pictures]
    heights = np.concatenate([np.empty(0), *(one.heights for one in matched)])
    found = np.concatenate([np.empty(0), *(one.found_at for one in matched)]) >= score
    made = {}
    for low, high in itertools.pairwise(edges):
        within = found[(heights >= low) & (heights < high)]
        name = f"{low:g} px and more" if np.isinf(high) else f"{low:g}-{high:g} px"
        if len(within):
            made[name] = share(int(within.sum()), len(within))
    return made


@dataclass(frozen=True, slots=True)
class _Counted:
    """All detections of a set, surest first.

    Attributes:
        last: [1000] how many of them lie at or above each threshold.
        picture: [D] where they are.
        hit: [D].
        counts: [D].
        faces: [P] that count, of each picture.
    """

    last: Indices
    picture: Indices
    hit: Flags
    counts: Flags
    faces: Values

    def curve(self, weights: Values) -> PrecisionRecall:
        """With pictures that count as often as ``weights`` [P] says."""
        faces = float(self.faces @ weights)
        if not faces:
            raise Undefined("no face counts in these pictures")
        each = weights[self.picture]
        hits = np.concatenate([[0.0], np.cumsum(each * self.hit)])[self.last]
        found = np.concatenate([[0.0], np.cumsum(each * self.counts)])[self.last]
        precision = np.divide(hits, found, out=np.zeros(THRESHOLDS), where=found > 0)
        return PrecisionRecall(precision, hits / faces, int(faces))


def _count(pictures: Sequence[Picture], subset: str | None) -> _Counted:
    judged = [match(picture, subset) for picture in pictures]
    matched = [one for picture, one in zip(pictures, judged, strict=True) if len(picture.faces)]
    place = np.repeat(np.arange(len(matched)), np.array([len(one.scores) for one in matched], np.intp))
    everything = np.concatenate([np.empty(0), *(one.scores for one in judged)])
    scores = _stretched(np.concatenate([np.empty(0), *(one.scores for one in matched)]), everything)
    order = np.argsort(-scores, kind="stable")
    none = np.empty(0, np.bool_)
    thresholds = 1 - np.arange(1, THRESHOLDS + 1) / THRESHOLDS
    return _Counted(
        last=np.searchsorted(-scores[order], -thresholds, side="right"),
        picture=place[order],
        hit=np.concatenate([none, *(one.hit for one in matched)])[order],
        counts=np.concatenate([none, *(one.counts for one in matched)])[order],
        faces=np.array([len(one.heights) for one in matched], np.float64),
    )


def _stretched(scores: Values, everything: Values) -> Values:
    """Scores in [0, 1] over the whole set; 1 where all are the same."""
    if not len(everything) or everything.max() == everything.min():
        return np.ones(len(scores))
    return (scores - everything.min()) / (everything.max() - everything.min())
