"""The models that are measured, run as the services run them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.catalogue.card import ModelCard, Task
from models.errors import LowQuality
from models.processing.views import Views, views_of
from models.runtime.bundle import Bundle
from models.runtime.detector import Detection
from models.runtime.ensemble import FaceModel
from models.runtime.session import Floats, OrtSession
from training_eval.evaluation.boxes import BoxFinder
from training_eval.evaluation.faces import ONE_THREAD, Detects, Finder, Pixels, finder_of


@dataclass(frozen=True, slots=True)
class FaceSubject:
    """Networks that judge one face at a time, with the detector that shows them faces.

    Attributes:
        cards: Of the networks; several are an ensemble.
        finder: The same for all models that are compared.
    """

    cards: tuple[ModelCard, ...]
    finder: Finder
    model: FaceModel
    views: Views

    @classmethod
    def of(cls, bundle: Bundle, finder: Finder) -> FaceSubject:
        """Load a bundle.

        Raises:
            ModelUnavailable: A graph cannot be loaded.
        """
        sessions = [OrtSession(card, bundle.path(card), ONE_THREAD) for card in bundle.cards]
        return cls(bundle.cards, finder, FaceModel(sessions), views_of(bundle.cards))

    def main_face(self, pixels: Pixels) -> tuple[Detection, Floats] | None:
        """The largest face and the networks' numbers for it; None where none is found or it determines no crop."""
        found = self.finder.main(pixels)
        if found is None:
            return None
        seen, face = found
        try:
            return face, self.of_face(seen, face)
        except LowQuality:
            return None

    def of_face(self, pixels: Pixels, face: Detection) -> Floats:
        """The networks' numbers for a face.

        Raises:
            LowQuality: Its landmarks determine no crop.
        """
        (output,) = self.model.predict([self.views.cut(pixels, face.box, face.points)])
        return output

    def work(self) -> object:
        """One item, for timing."""
        view = self.views.distinct[0]
        return self.model.predict(
            [np.zeros((len(self.views.distinct), view.height, view.width, 3), np.uint8)]
        )


Subject = FaceSubject | Detects


def open_subject(bundle: Bundle, finder: Finder) -> Subject:
    """A bundle, ready to be measured.

    Raises:
        ModelUnavailable: A graph cannot be loaded.
    """
    if bundle.task is not Task.FACE_DETECTION:
        return FaceSubject.of(bundle, finder)
    if bundle.cards[0].decoding["layout"] == "ssd":
        return BoxFinder.of(bundle)
    return finder_of(bundle)
