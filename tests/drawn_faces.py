"""Galleries without a model: a picture of one colour stands for a person, and its embedding follows from the colour."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from bentos.common.context import Clock
from bentos.common.perception import FoundFace, Picture
from bentos.contracts import FaceOptions, FaceSelection, GivenFace
from models.catalogue import CATALOGUE
from models.catalogue.card import ModelCard
from models.processing.decode import ImageLimits, decode
from models.processing.letterbox import fit
from models.processing.quality import FaceQuality
from models.processing.similarity import unit
from models.runtime.detector import Detection
from models.runtime.session import Floats

CARD = CATALOGUE["mobilefacenet"]
SIDE = 120
POOR, EMPTY, CROWD = 253, 254, 255
"""Values of the third channel: a face too poor to enrol, no face, two faces."""


def drawn(who: int, view: int = 0, kind: int = 0) -> bytes:
    """A picture of a person (0 to 255) from a side (0 to 255)."""
    pixels = np.full((SIDE, SIDE, 3), (who, view, kind), np.uint8)
    done, png = cv2.imencode(".png", pixels)
    assert done
    return png.tobytes()


def embedding(who: int, view: int, dimension: int, model: str) -> Floats:
    """Two views of a person have a cosine of about 0.8, two people about 0."""
    own = _random(dimension, model, who)
    other = _random(dimension, model, who, view + 1)
    return unit(own + 0.5 * other)


def _random(dimension: int, model: str, *seed: int) -> Floats:
    rng = np.random.default_rng([zlib.crc32(model.encode()), *seed])
    return unit(rng.standard_normal(dimension).astype(np.float32))


@dataclass
class DrawnPerception:
    """Decodes for real, and finds a face in the middle of each picture."""

    limits: ImageLimits

    @contextmanager
    def open(self, data: bytes, clock: Clock) -> Iterator[Picture]:
        decoded = decode(data, self.limits)
        yield Picture(decoded, fit(decoded.pixels, long_side=64, stride=32))

    def given(self, picture: Picture, faces: Sequence[GivenFace], clock: Clock) -> list[FoundFace]:
        return [_face(picture, (face.box.x, face.box.y, face.box.width, face.box.height)) for face in faces]


class DrawnAnalysis:
    """Stands in for FaceAnalysis.

    Args:
        card: Whose embeddings it makes.
    """

    def __init__(self, card: ModelCard = CARD) -> None:
        self.perception = DrawnPerception(ImageLimits())
        self._card = card

    def faces(self, picture: Picture, options: FaceSelection, clock: Clock) -> list[FoundFace]:
        given = options.faces if isinstance(options, FaceOptions) else None
        return self.faces_of(picture, options, given, clock)

    def faces_of(
        self, picture: Picture, selection: FaceSelection, given: Any, clock: Clock
    ) -> list[FoundFace]:
        if given is not None:
            return self.perception.given(picture, given, clock)
        kind = int(picture.decoded.pixels[SIDE // 2, SIDE // 2, 2])
        count = {EMPTY: 0, CROWD: 2}.get(kind, 1)
        return [_face(picture, (30.0, 30.0, 60.0, 60.0)) for _ in range(count)][: selection.max_faces or None]

    def outputs(self, picture: Picture, faces: Sequence[FoundFace], clock: Clock) -> list[Floats]:
        return [self._embedding(picture, face) for face in faces]

    def _embedding(self, picture: Picture, face: FoundFace) -> Floats:
        x, y, width, height = face.detection.box
        who, view, _ = picture.decoded.pixels[int(y + height / 2), int(x + width / 2)]
        dimension = self._card.decoding["dimension"]
        assert isinstance(dimension, int)
        return embedding(int(who), int(view), dimension, self._card.sha256)


def _face(picture: Picture, box: tuple[float, float, float, float]) -> FoundFace:
    x, y, width, height = box
    points = np.array([(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)], np.float32)
    kind = int(picture.decoded.pixels[int(y), int(x), 2])
    score = 0.01 if kind == POOR else 0.9
    quality = FaceQuality(score, score, 0.5, min(width, height), 0.0, 0.0, 0.0)
    corner = np.array([x, y], np.float32)
    side = np.array([width, height], np.float32)
    return FoundFace(Detection(np.array(box, np.float32), corner + points * side, 0.99), quality)
