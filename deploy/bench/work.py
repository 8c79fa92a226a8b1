"""The work that is measured, the same for the bare loop and for every server: bytes to the model's answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bentos.common.model_set import choose, locate, store_of
from bentos.common.settings import Settings
from models.catalogue.card import Task
from models.processing.decode import ImageLimits, decode
from models.processing.views import views_of
from models.runtime.detector import Detection, DetectorModel, canvas_of, detections_of
from models.runtime.ensemble import FaceModel
from models.runtime.session import CPU, OrtSession, Pixels, SessionOptions

LIMITS = ImageLimits()


@dataclass(frozen=True, slots=True)
class Work:
    """Detection, and for the other tasks the networks on each face found."""

    detector: DetectorModel
    faces: FaceModel | None

    def decode(self, data: bytes) -> Pixels:
        """BGR pixels of the upright picture."""
        return decode(data, LIMITS).pixels

    def detect(self, pictures: Sequence[Pixels]) -> list[list[Detection]]:
        """Faces of each picture, found in one batch."""
        (card,) = self.detector.cards
        canvases = [canvas_of(card, pixels) for pixels in pictures]
        rows = self.detector.predict([canvas.canvas for canvas in canvases])
        return [detections_of(row, canvas, 0.6) for row, canvas in zip(rows, canvases, strict=True)]

    def answer(self, pictures: Sequence[Pixels]) -> list[list[list[float]]]:
        """For each picture its faces: boxes, and the networks' numbers where there are any."""
        found = self.detect(pictures)
        if self.faces is None:
            return [[face.box.tolist() for face in faces] for faces in found]
        views = views_of(self.faces.cards)
        pairs = [(pixels, face) for pixels, faces in zip(pictures, found, strict=True) for face in faces]
        items = [views.cut(pixels, face.box, face.points) for pixels, face in pairs]
        numbers = iter(self.faces.predict(items) if items else [])
        return [[[*face.box.tolist(), *next(numbers).tolist()] for face in faces] for faces in found]


def load_work(task: Task, threads: int = 0) -> Work:
    """The models of a task that the services run, on the CPU."""
    (detector,) = _sessions(Task.FACE_DETECTION, threads)
    faces = None if task is Task.FACE_DETECTION else FaceModel(_sessions(task, threads))
    work = Work(DetectorModel(detector), faces)
    work.answer([np.zeros((720, 1280, 3), np.uint8)])
    return work


def _sessions(task: Task, threads: int) -> list[OrtSession]:
    settings = Settings()
    chosen = locate(choose(task, settings), store_of(settings))
    options = SessionOptions(providers=(CPU,), threads=threads)
    return [OrtSession(card, chosen.paths[card.sha256], options) for card in chosen.cards]
