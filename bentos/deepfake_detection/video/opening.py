"""Puts the analysis together, in the process that runs it."""

from __future__ import annotations

from bentos.common.batching import ProcessBatcher
from bentos.common.face_analysis import FaceAnalysis
from bentos.common.loading import open_model
from bentos.common.perception import Perception
from bentos.common.settings import Settings
from bentos.common.spec import default_cards
from bentos.common.workers import PixelBudget
from bentos.deepfake_detection.video.analysis import VideoAnalysis
from bentos.deepfake_detection.video.steps import Steps
from models.catalogue.card import Task
from models.processing.decode import ImageLimits


def open_analysis(settings: Settings, steps: Steps) -> VideoAnalysis:
    """The analysis with its models, loaded.

    One batch runs at a time, on as many threads as are set (``FACESOCIAL_SESSION_THREADS``), else on all cores.

    Raises:
        ModelUnavailable: Weights cannot be had or loaded.
    """
    alone = settings.model_copy(update={"worker_threads": 1, "batch_workers": 1})
    (detector,) = default_cards(Task.FACE_DETECTION)
    budget = PixelBudget(settings.max_pixels_in_memory)
    perception = Perception(_batcher(Task.FACE_DETECTION, alone), detector, ImageLimits(), budget)
    judges = default_cards(Task.DEEPFAKE_DETECTION)
    judging = FaceAnalysis(perception, _batcher(Task.DEEPFAKE_DETECTION, alone), judges)
    descriptors = default_cards(Task.FACE_RECOGNITION)
    describing = FaceAnalysis(perception, _batcher(Task.FACE_RECOGNITION, alone), descriptors)
    return VideoAnalysis(judging, describing, judges, (*descriptors, detector), steps)


def _batcher(task: Task, settings: Settings) -> ProcessBatcher:
    model = open_model(task, settings, alone=lambda: True)
    model.warm_up()
    return ProcessBatcher(model, settings.batch)
