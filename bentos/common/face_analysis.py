"""The second half of every service but detection: faces to crops, crops to a batched model's numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bentos.common.batching import Batcher
from bentos.common.context import Clock
from bentos.common.perception import FoundFace, Perception, Picture
from bentos.common.workers import Workers
from bentos.contracts import FaceOptions, FaceSelection, GivenFace
from models.catalogue.card import ModelCard
from models.processing.views import views_of
from models.runtime.session import Floats, Pixels

IN_FLIGHT = 32
"""Faces of one picture that wait for the model at once, so that a crowd leaves room for other callers."""


class FaceAnalysis:
    """Runs a batched model on the faces of a picture.

    Args:
        perception: Decodes and detects.
        batcher: Holds the model.
        cards: The model's cards; they say how a face is cut out.
        workers: Threads that cut.
    """

    def __init__(
        self, perception: Perception, batcher: Batcher, cards: Sequence[ModelCard], workers: Workers
    ) -> None:
        self.perception = perception
        self._batcher = batcher
        self._views = views_of(cards)
        self._workers = workers

    async def faces(self, picture: Picture, options: FaceSelection, clock: Clock) -> list[FoundFace]:
        """The faces that the caller gave, or those found, best first."""
        given = options.faces if isinstance(options, FaceOptions) else None
        return await self.faces_of(picture, options, given, clock)

    async def faces_of(
        self, picture: Picture, selection: FaceSelection, given: Sequence[GivenFace] | None, clock: Clock
    ) -> list[FoundFace]:
        """The same with the given faces apart from the selection."""
        if given is not None:
            return await self.perception.given(picture, given, clock)
        return await self.perception.find(picture, selection, clock)

    async def outputs(self, picture: Picture, faces: Sequence[FoundFace], clock: Clock) -> list[Floats]:
        """The model's numbers for each face, in order.

        Raises:
            LowQuality: A face's landmarks determine no crop.
            Overloaded: The model's queue is full.
        """
        gate = asyncio.Semaphore(IN_FLIGHT)

        async def one(face: FoundFace) -> Floats:
            async with gate:
                return await self._batcher.submit(await self._workers.run(self._cut, picture, face))

        with clock.step("infer"):
            return list(await asyncio.gather(*map(one, faces)))

    def _cut(self, picture: Picture, face: FoundFace) -> Pixels:
        decoded = picture.decoded
        return self._views.cut(decoded.pixels, face.detection.box, face.detection.points, decoded.scale)
