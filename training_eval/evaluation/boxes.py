"""Detectors that give boxes alone: no service runs one, so their decoding stands here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from models.catalogue.card import ModelCard
from models.processing.nms import nms
from models.runtime.bundle import Bundle
from models.runtime.detector import Detection
from models.runtime.session import OrtSession, Session
from training_eval.evaluation.faces import ONE_THREAD, Pixels


@dataclass(frozen=True, slots=True)
class BoxFinder:
    """A detector whose graph decodes its own anchors (layout ``ssd``) and takes pictures of one size."""

    session: Session

    @classmethod
    def of(cls, bundle: Bundle) -> BoxFinder:
        """Load a bundle.

        Raises:
            ModelUnavailable: Its graph cannot be loaded.
        """
        (card,) = bundle.cards
        return cls(OrtSession(card, bundle.path(card), ONE_THREAD))

    @property
    def card(self) -> ModelCard:
        """The detector's."""
        return self.session.card

    def all(self, pixels: Pixels, min_score: float | None = None) -> list[Detection]:
        """Faces of a picture, best first, in its pixels, without landmarks."""
        decoding, spec = self.card.decoding, self.card.input
        floor = self.card.thresholds["min_score"] if min_score is None else min_score
        small = cv2.resize(pixels, (spec.width, spec.height), interpolation=cv2.INTER_AREA)
        outputs = self.session.run(np.asarray(small, np.uint8)[None])
        scores = outputs[str(decoding["scores"])][0][:, cast(int, decoding["face"])]
        edges = outputs[str(decoding["boxes"])][0]
        sure = scores >= floor
        scores, edges = scores[sure], edges[sure] * np.tile(pixels.shape[1::-1], 2).astype(np.float32)
        boxes = np.concatenate([edges[:, :2], edges[:, 2:] - edges[:, :2]], axis=1)
        kept = nms(boxes, scores, cast(float, decoding["nms_iou"]), layout="xywh")
        nowhere = np.zeros((5, 2), np.float32)
        return [Detection(boxes[index], nowhere, float(scores[index])) for index in kept]

    def work(self) -> object:
        """One picture, for timing."""
        spec = self.card.input
        return self.session.run(np.zeros((1, spec.height, spec.width, 3), np.uint8))
