"""The use case: which faces of a picture a caller wants to hear of."""

from __future__ import annotations

from collections.abc import Sequence

from bentos.common.context import Clock
from bentos.common.perception import FoundFace, Perception
from bentos.contracts import DetectOptions, DetectResult


async def detect(perception: Perception, image: bytes, options: DetectOptions, clock: Clock) -> DetectResult:
    """Faces of an image, best score first.

    Raises:
        InvalidImage: Not an image that is read here.
        ImageTooLarge: More bytes or pixels than allowed.
        Overloaded: The model's queue is full.
    """
    async with perception.open(image, clock) as picture:
        faces = select(await perception.find(picture, clock, options.min_score), options)
        size = picture.decoded
    return DetectResult(width=size.width, height=size.height, faces=[face.to_contract() for face in faces])


def select(faces: Sequence[FoundFace], options: DetectOptions) -> list[FoundFace]:
    """Faces that are large enough, best first, at most ``max_faces`` of them unless that is 0."""
    large = [face for face in faces if float(min(face.detection.box[2:])) >= options.min_size]
    best = sorted(large, key=lambda face: face.detection.score, reverse=True)
    return best[: options.max_faces or None]
