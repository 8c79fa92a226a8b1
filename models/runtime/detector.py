"""YuNet as a batched model, and the way from a picture to its input and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.catalogue.card import ModelCard
from models.processing.letterbox import Letterboxed, fit
from models.processing.nms import nms
from models.processing.yunet import BOX, POINTS, SCORE, decode_yunet
from models.runtime.batch import run_by_shape
from models.runtime.session import Floats, Pixels, Session


@dataclass(frozen=True, slots=True)
class Detection:
    """One face in pixels of the picture it was found in.

    Attributes:
        box: float32 [4]: left, top, width, height.
        points: float32 [5, 2]: left eye, right eye, nose, left and right mouth corner as seen.
        score: In [0, 1].
    """

    box: Floats
    points: Floats
    score: float


class DetectorModel:
    """Canvases in, candidates after suppression out."""

    def __init__(self, session: Session) -> None:
        card = session.card
        self._session = session
        self._strides: tuple[int, ...] = _decoding(card, "strides")
        self._iou: float = _decoding(card, "nms_iou")
        self._floor = card.thresholds["evaluation"]

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """The detector's card."""
        return (self._session.card,)

    @property
    def provider(self) -> str:
        """What it runs on."""
        return self._session.provider

    def predict(self, items: Sequence[Pixels]) -> list[Floats]:
        """For each canvas uint8 [H, W, 3] its faces float32 [K, 15], best first, in canvas pixels.

        Suppression here does not depend on the score that a caller asks for: a weaker box never
        suppresses a stronger one.
        """
        outputs = run_by_shape(self._session, items)
        return [self._decode(item, output) for item, output in zip(items, outputs, strict=True)]

    def warm_up(self) -> None:
        """Run the largest usual canvas once."""
        spec = self._session.card.input
        self.predict([np.zeros((spec.height, spec.width, 3), np.uint8)])

    def _decode(self, item: Pixels, output: Any) -> Floats:
        rows = decode_yunet(output, item.shape[:2], self._strides, self._floor)
        kept = nms(rows[:, BOX], rows[:, SCORE], self._iou, layout="xywh")
        return rows[kept]


def canvas_of(card: ModelCard, pixels: Pixels) -> Letterboxed:
    """The detector's input for a BGR picture; its shape follows from the picture alone."""
    return fit(pixels, long_side=max(card.input.width, card.input.height), stride=card.input.stride)


def detections_of(rows: Floats, canvas: Letterboxed, min_score: float, scale: float = 1.0) -> list[Detection]:
    """Rows of ``DetectorModel.predict`` as faces of the upright picture.

    Args:
        rows: float32 [K, 15] in canvas pixels.
        canvas: What the detector saw.
        min_score: Faces below it are left out.
        scale: Size of the decoded pixels over the size of the full picture.
    """
    rows = rows[rows[:, SCORE] >= min_score]
    boxes = canvas.boxes(rows[:, BOX]) / np.float32(scale)
    points = canvas.points(rows[:, POINTS].reshape(-1, 5, 2)) / np.float32(scale)
    return [Detection(boxes[i], points[i], min(1.0, float(rows[i, SCORE]))) for i in range(len(rows))]


def _decoding(card: ModelCard, name: str) -> Any:
    return card.decoding[name]
