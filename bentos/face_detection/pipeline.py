"""The use case: which faces of a picture a caller wants to hear of."""

from __future__ import annotations

from bentos.common.context import Clock
from bentos.common.perception import Perception
from bentos.contracts import DetectOptions, DetectResult


class DetectPipeline:
    """Finds the faces of a picture."""

    def __init__(self, perception: Perception) -> None:
        self._perception = perception

    def answer(self, image: bytes, options: DetectOptions, clock: Clock) -> DetectResult:
        """Faces of an image, best score first.

        Raises:
            InvalidImage: Not an image that is read here.
            ImageTooLarge: More bytes or pixels than allowed.
            Overloaded: The model's queue is full.
        """
        with self._perception.open(image, clock) as picture:
            faces = self._perception.find(picture, options, clock)
            size = picture.decoded
        return DetectResult(
            width=size.width, height=size.height, faces=[face.to_contract() for face in faces]
        )
