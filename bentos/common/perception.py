"""The first half of every service: bytes to a picture, a picture to its faces."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from models.processing.quality import FaceQuality, measure

from bentos.common.batching import Batcher
from bentos.common.context import Clock
from bentos.common.workers import PixelBudget, Workers
from bentos.contracts import Box, Face, Landmarks, Quality
from models.catalogue.card import ModelCard
from models.processing.decode import Decoded, ImageLimits, decode, read_header
from models.processing.letterbox import Letterboxed
from models.runtime.detector import Detection, canvas_of, detections_of
from models.runtime.session import Floats

DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture and the detector's view of it."""

    decoded: Decoded
    canvas: Letterboxed


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face, where it is and how well it can be seen."""

    detection: Detection
    quality: FaceQuality

    def to_contract(self) -> Face:
        """The face in the words of the contract."""
        x, y, width, height = (round(float(value), DECIMALS) for value in self.detection.box)
        points = [
            (round(float(px), DECIMALS), round(float(py), DECIMALS)) for px, py in self.detection.points
        ]
        q = self.quality
        return Face(
            box=Box(x=x, y=y, width=width, height=height),
            score=round(self.detection.score, 4),
            landmarks=Landmarks(
                left_eye=points[0],
                right_eye=points[1],
                nose=points[2],
                mouth_left=points[3],
                mouth_right=points[4],
            ),
            quality=Quality(
                score=round(q.score, 4),
                sharpness=round(q.sharpness, 4),
                brightness=round(q.brightness, 4),
                size=round(q.size, DECIMALS),
                yaw=round(q.yaw, DECIMALS),
                pitch=round(q.pitch, DECIMALS),
                roll=round(q.roll, DECIMALS),
            ),
        )


class Perception:
    """Decodes within limits and finds faces with the batched detector."""

    def __init__(
        self, detector: Batcher, card: ModelCard, workers: Workers, limits: ImageLimits, budget: PixelBudget
    ) -> None:
        self._detector = detector
        self._card = card
        self._workers = workers
        self._limits = limits
        self._budget = budget

    @asynccontextmanager
    async def open(self, data: bytes, clock: Clock) -> AsyncIterator[Picture]:
        """The picture, held in memory inside the block alone.

        Raises:
            InvalidImage: Not a picture, truncated, or of an unread format.
            ImageTooLarge: More bytes or pixels than allowed; known before a pixel is decoded.
        """
        header = read_header(data, self._limits)
        async with self._budget.hold(header.width * header.height):
            with clock.step("decode"):
                picture = await self._workers.run(self._decode, data)
            yield picture

    async def find(self, picture: Picture, clock: Clock, min_score: float | None = None) -> list[FoundFace]:
        """Faces of at least ``min_score`` (the card's, if not given), best first."""
        floor = self._card.thresholds["min_score"] if min_score is None else min_score
        with clock.step("detect"):
            rows = await self._detector.submit(picture.canvas.canvas)
            return await self._workers.run(_describe, picture, rows, floor)

    def _decode(self, data: bytes) -> Picture:
        decoded = decode(data, self._limits)
        return Picture(decoded, canvas_of(self._card, decoded.pixels))


def _describe(picture: Picture, rows: Floats, min_score: float) -> list[FoundFace]:
    pixels, scale = picture.decoded.pixels, picture.decoded.scale
    found = detections_of(rows, picture.canvas, min_score, scale)
    return [FoundFace(one, measure(pixels, one.box, one.points, scale=scale)) for one in found]
