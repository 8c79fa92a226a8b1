"""Puts the analysis together, in the process that runs it."""

from __future__ import annotations

from bentos.common.batching import ProcessBatcher
from bentos.common.face_analysis import FaceAnalysis
from bentos.common.loading import open_model
from bentos.common.model_set import Chosen, served
from bentos.common.perception import Perception
from bentos.common.settings import Settings
from bentos.common.workers import PixelBudget
from bentos.deepfake_detection.video.analysis import VideoAnalysis
from bentos.deepfake_detection.video.steps import Steps
from models.catalogue.card import Task
from models.processing.decode import ImageLimits

TASKS = (Task.FACE_DETECTION, Task.DEEPFAKE_DETECTION, Task.FACE_RECOGNITION)


def open_analysis(settings: Settings, steps: Steps) -> VideoAnalysis:
    """The analysis with its models, loaded: those that serve at this moment, to the end of the attempt.

    One batch runs at a time, on as many threads as are set (``FACESOCIAL_SESSION_THREADS``), else on all cores.

    Raises:
        ModelUnavailable: Weights cannot be had or loaded.
    """
    alone = settings.model_copy(update={"worker_threads": 1, "batch_workers": 1})
    detector, judges, descriptors = (served(settings, TASKS)[task] for task in TASKS)
    budget = PixelBudget(settings.max_pixels_in_memory)
    perception = Perception(_batcher(detector, alone), detector.cards[0], ImageLimits(), budget)
    judging = FaceAnalysis(perception, _batcher(judges, alone), judges.cards)
    describing = FaceAnalysis(perception, _batcher(descriptors, alone), descriptors.cards)
    return VideoAnalysis(judging, describing, judges.cards, (*descriptors.cards, *detector.cards), steps)


def _batcher(chosen: Chosen, settings: Settings) -> ProcessBatcher:
    model = open_model(chosen, settings, alone=lambda: True)
    model.warm_up()
    return ProcessBatcher(model, settings.batch)
