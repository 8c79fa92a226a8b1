"""A detector on labelled pictures."""

from __future__ import annotations

from functools import partial

import numpy as np

from training_eval.data.dataset import DataSet
from training_eval.data.samples import DetectionSample
from training_eval.evaluation.faces import Detects, boxes_of, read_picture
from training_eval.evaluation.figures import ROUNDS, Figures
from training_eval.evaluation.steps import Step
from training_eval.metrics.detection import at_score, average_precision, found_by_size
from training_eval.metrics.groups import GroupFigures
from training_eval.metrics.matching import Picture


def measure(finder: Detects, data: DataSet[DetectionSample], figures: Figures, step: Step) -> None:
    """AP by the protocol of WIDER FACE, and what is found at the score that the card uses."""
    pictures = []
    for sample in data:
        pictures.append(_seen(finder, sample))
        step()
    score = finder.card.thresholds["min_score"]
    figures.add("AP", "higher", partial(average_precision, pictures, rounds=ROUNDS))
    for subset in _subsets(pictures):
        figures.add(
            "AP", "higher", partial(average_precision, pictures, subset, rounds=ROUNDS), f"subset={subset}"
        )
    figures.add("recall at the card's score", "higher", lambda: at_score(pictures, score).recall)
    figures.add("precision at the card's score", "higher", lambda: at_score(pictures, score).precision)
    sizes = GroupFigures(found_by_size(pictures, score), {})
    figures.add_groups("recall at the card's score", "higher", "size", sizes)


def _seen(finder: Detects, sample: DetectionSample) -> Picture:
    found = finder.all(read_picture(sample.image), finder.card.thresholds["evaluation"])
    scores = np.array([one.score for one in found], np.float32)
    return Picture(boxes_of(found), scores, sample.boxes, sample.ignored, sample.subsets)


def _subsets(pictures: list[Picture]) -> list[str]:
    return sorted({name for picture in pictures for name in picture.subsets})
