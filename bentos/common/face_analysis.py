"""The second half of every service but detection: faces to crops, crops to a batched model's numbers."""

from __future__ import annotations

from collections.abc import Sequence

from bentos.common.batching import Batcher
from bentos.common.context import Clock
from bentos.common.perception import FoundFace, Perception, Picture
from bentos.contracts import FaceOptions, FaceSelection, GivenFace
from models.catalogue.card import ModelCard
from models.processing.views import views_of
from models.runtime.session import Floats, Pixels

AT_ONCE = 32
"""Faces of one picture that are handed to the model together, so that a crowd leaves room for other callers."""


class FaceAnalysis:
    """Runs a batched model on the faces of a picture.

    Args:
        perception: Decodes and detects.
        batcher: Holds the model.
        cards: The model's cards; they say how a face is cut out.
    """

    def __init__(self, perception: Perception, batcher: Batcher, cards: Sequence[ModelCard]) -> None:
        self.perception = perception
        self._batcher = batcher
        self._views = views_of(cards)

    def faces(self, picture: Picture, options: FaceSelection, clock: Clock) -> list[FoundFace]:
        """The faces that the caller gave, or those found, best first."""
        given = options.faces if isinstance(options, FaceOptions) else None
        return self.faces_of(picture, options, given, clock)

    def faces_of(
        self, picture: Picture, selection: FaceSelection, given: Sequence[GivenFace] | None, clock: Clock
    ) -> list[FoundFace]:
        """The same with the given faces apart from the selection."""
        if given is not None:
            return self.perception.given(picture, given, clock)
        return self.perception.find(picture, selection, clock)

    def outputs(self, picture: Picture, faces: Sequence[FoundFace], clock: Clock) -> list[Floats]:
        """The model's numbers for each face, in order.

        Raises:
            LowQuality: A face's landmarks determine no crop.
            Overloaded: The model's queue is full.
        """
        with clock.step("infer"):
            return [
                output
                for start in range(0, len(faces), AT_ONCE)
                for output in self.judge([self.cut(picture, face) for face in faces[start : start + AT_ONCE]])
            ]

    def cut(self, picture: Picture, face: FoundFace) -> Pixels:
        """What the model sees of a face.

        Raises:
            LowQuality: Its landmarks determine no crop.
        """
        decoded = picture.decoded
        return self._views.cut(decoded.pixels, face.detection.box, face.detection.points, decoded.scale)

    def judge(self, cuts: Sequence[Pixels]) -> list[Floats]:
        """The model's numbers for each of what ``cut`` made, of one picture or of many.

        Raises:
            Overloaded: The model's queue is full.
        """
        return self._batcher.predict(cuts)
