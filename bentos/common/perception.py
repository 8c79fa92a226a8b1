"""The first half of every service: bytes to a picture, a picture to its faces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from bentos.common.batching import Batcher
from bentos.common.context import Clock
from bentos.common.errors import InvalidRequest
from bentos.common.workers import PixelBudget
from bentos.contracts import Box, Face, FaceSelection, GivenFace, Landmarks, Quality
from models.catalogue.card import ModelCard
from models.errors import LowQuality
from models.processing.decode import Decoded, ImageLimits, decode, read_header
from models.processing.letterbox import Letterboxed
from models.processing.quality import FaceQuality, measure
from models.runtime.detector import Detection, canvas_of, detections_of
from models.runtime.session import Floats

DECIMALS = 2
"""Coordinates are rounded before anything is cut or measured, so that a face sent back gives the same answer."""


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
        x, y, width, height = _plain(self.detection.box)
        points = [(px, py) for px, py in map(_plain, self.detection.points)]
        q = self.quality
        return Face(
            box=Box(x=x, y=y, width=width, height=height),
            score=self.detection.score,
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

    def __init__(self, detector: Batcher, card: ModelCard, limits: ImageLimits, budget: PixelBudget) -> None:
        self._detector = detector
        self._card = card
        self._limits = limits
        self._budget = budget

    @contextmanager
    def open(self, data: bytes, clock: Clock) -> Iterator[Picture]:
        """The picture, held in memory inside the block alone.

        Raises:
            InvalidImage: Not a picture, truncated, or of an unread format.
            ImageTooLarge: More bytes or pixels than allowed; known before a pixel is decoded.
        """
        header = read_header(data, self._limits)
        with self._budget.hold(header.width * header.height):
            with clock.step("decode"):
                picture = self.see(decode(data, self._limits, header=header))
            yield picture

    def see(self, decoded: Decoded) -> Picture:
        """A picture that is decoded already, such as a frame of a video."""
        return Picture(decoded, canvas_of(self._card, decoded.pixels))

    def find(self, picture: Picture, selection: FaceSelection, clock: Clock) -> list[FoundFace]:
        """Faces that the detector finds and the caller wants to hear of, best first.

        Raises:
            Overloaded: The detector's queue is full.
        """
        (faces,) = self.find_each([picture], selection, clock)
        return faces

    def find_each(
        self, pictures: Sequence[Picture], selection: FaceSelection, clock: Clock
    ) -> list[list[FoundFace]]:
        """The same for several pictures in one batch.

        Raises:
            Overloaded: The detector's queue is full.
        """
        with clock.step("detect"):
            found = self._detector.predict([picture.canvas.canvas for picture in pictures])
            return [_found(picture, rows, selection) for picture, rows in zip(pictures, found, strict=True)]

    def given(self, picture: Picture, faces: Sequence[GivenFace], clock: Clock) -> list[FoundFace]:
        """Faces that the caller knows, measured here.

        Raises:
            InvalidRequest: A box lies outside the picture.
        """
        with clock.step("detect"):
            return _given(picture, faces)


def _found(picture: Picture, rows: Floats, selection: FaceSelection) -> list[FoundFace]:
    found = detections_of(rows, picture.canvas, selection.min_score, picture.decoded.scale)
    large = [_rounded(one) for one in found if float(min(one.box[2:])) >= selection.min_size]
    best = sorted(large, key=lambda one: one.score, reverse=True)[: selection.max_faces or None]
    return [face for face in (_measured(picture, one) for one in best) if face is not None]


def _given(picture: Picture, faces: Sequence[GivenFace]) -> list[FoundFace]:
    measured = [_measured(picture, _detection_of(face)) for face in faces]
    if None in measured:
        raise InvalidRequest("A given face lies outside the picture.", {"face": measured.index(None)})
    return [face for face in measured if face is not None]


def _measured(picture: Picture, one: Detection) -> FoundFace | None:
    """The face with its quality; None where its box, found in the canvas's padding, misses the picture."""
    decoded = picture.decoded
    x, y, width, height = one.box
    if x + width <= 0 or y + height <= 0 or x >= decoded.width or y >= decoded.height:
        return None
    try:
        return FoundFace(one, measure(decoded.pixels, one.box, one.points, scale=decoded.scale))
    except LowQuality:
        return None


def _detection_of(face: GivenFace) -> Detection:
    box, marks = face.box, face.landmarks
    points = (marks.left_eye, marks.right_eye, marks.nose, marks.mouth_left, marks.mouth_right)
    return _rounded(
        Detection(
            np.array([box.x, box.y, box.width, box.height], np.float32),
            np.array(points, np.float32),
            face.score,
        )
    )


def _rounded(one: Detection) -> Detection:
    return Detection(np.round(one.box, DECIMALS), np.round(one.points, DECIMALS), round(one.score, 4))


def _plain(values: Floats) -> list[float]:
    return [round(float(value), DECIMALS) for value in values]
