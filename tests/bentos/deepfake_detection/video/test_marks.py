"""What parts of a video share that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest
from made_models import cards_of

from bentos.common.face_analysis import FaceAnalysis
from bentos.contracts import VideoOptions
from bentos.deepfake_detection.video.analysis import VideoAnalysis
from bentos.deepfake_detection.video.steps import Steps
from models.catalogue.card import ModelCard, Task

JUDGES = cards_of(Task.DEEPFAKE_DETECTION, 1)
OTHERS = (*cards_of(Task.FACE_RECOGNITION, 1), *cards_of(Task.FACE_DETECTION, 1))


def mark(judges: Sequence[ModelCard] = JUDGES, others: Sequence[ModelCard] = OTHERS) -> str:
    nobody = cast(FaceAnalysis, None)
    return VideoAnalysis(nobody, nobody, judges, others, Steps()).mark(VideoOptions(), 10)


def test_the_same_models_give_the_same_mark() -> None:
    assert mark() == mark(tuple(JUDGES), tuple(OTHERS))


@pytest.mark.parametrize("task", [Task.DEEPFAKE_DETECTION, Task.FACE_RECOGNITION, Task.FACE_DETECTION])
def test_another_model_of_any_task_gives_another(task: Task) -> None:
    newer = cards_of(task, 2)
    judges = newer if task is Task.DEEPFAKE_DETECTION else JUDGES
    others = tuple(newer[0] if card.task is task else card for card in OTHERS)
    assert mark(judges, others) != mark()


def test_so_does_a_card_that_reads_the_same_graph_otherwise() -> None:
    (judge,) = JUDGES
    assert mark((replace(judge, thresholds={**judge.thresholds, "fake": 0.9}),)) != mark()
