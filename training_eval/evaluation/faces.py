"""Pictures in, faces out, for measuring: one detector finds the faces that all compared models are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from models.catalogue import CATALOGUE, DEFAULTS, OWN
from models.catalogue.card import ModelCard, Task
from models.runtime.bundle import Bundle
from models.runtime.detector import Detection, DetectorModel, canvas_of, detections_of
from models.runtime.session import CPU, OrtSession, SessionOptions
from models.runtime.store import WeightStore
from training_eval.errors import DataMissing

Pixels = NDArray[np.uint8]

BORDER = 0.5
"""A face that fills its picture is found with this share of the picture's height around it."""
MIN_SIDE = 224
"""Smaller pictures are enlarged first: faces cut out for a set are often 100 pixels wide."""
ONE_THREAD = SessionOptions(providers=(CPU,), threads=1)


def read_picture(path: Path) -> Pixels:
    """BGR uint8 [h, w, 3].

    Raises:
        DataMissing: The file is no picture.
    """
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise DataMissing(
            f"{path} is no picture that can be read: fetch the set again, or take the file out."
        )
    return np.asarray(pixels, np.uint8)


class Detects(Protocol):
    """Whatever finds faces in a picture."""

    @property
    def card(self) -> ModelCard:
        """The detector's."""
        ...

    def all(self, pixels: Pixels, min_score: float | None = None) -> list[Detection]:
        """Faces of a picture, best first, in its pixels; ``min_score`` is the card's unless given."""
        ...

    def work(self) -> object:
        """One item, for timing."""
        ...


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds faces as the services do, with the published detector or the project's own.

    Attributes:
        card: The detector's.
        model: Loaded.
    """

    card: ModelCard
    model: DetectorModel

    def all(self, pixels: Pixels, min_score: float | None = None) -> list[Detection]:
        """Faces of a picture, best first, in its pixels; ``min_score`` is the card's unless given."""
        floor = self.card.thresholds["min_score"] if min_score is None else min_score
        canvas = canvas_of(self.card, pixels)
        (rows,) = self.model.predict([canvas.canvas])
        return detections_of(rows, canvas, floor)

    def work(self) -> object:
        """A picture of the largest usual size, for timing."""
        self.model.warm_up()
        return None

    def main(self, pixels: Pixels) -> tuple[Pixels, Detection] | None:
        """The largest face, and the picture that it was found in.

        Sets of faces are often cut out narrowly. Where no face is found the picture is looked at again, enlarged
        and with a border, and the face is in pixels of that.
        """
        for seen in (pixels, _framed(pixels)):
            found = self.all(seen, min_score=0.3)
            if found:
                return seen, largest(found)
        return None


def open_finder(store: WeightStore) -> Finder:
    """The published detector where it is on this machine, else the project's own.

    Raises:
        DataMissing: Neither is.
    """
    names = (*DEFAULTS[Task.FACE_DETECTION], *OWN.get(Task.FACE_DETECTION, ()))
    for card in (CATALOGUE[name] for name in names):
        if (path := store.find(card)) is not None:
            return Finder(card, DetectorModel(OrtSession(card, path, ONE_THREAD)))
    raise DataMissing("There is no face detector on this machine: run `make models`.")


def finder_of(bundle: Bundle) -> Finder:
    """The detector of a bundle."""
    (card,) = bundle.cards
    return Finder(card, DetectorModel(OrtSession(card, bundle.path(card), ONE_THREAD)))


def largest(found: Sequence[Detection]) -> Detection:
    """Of at least one face the one whose box is largest."""
    return max(found, key=lambda one: float(one.box[2] * one.box[3]))


def boxes_of(found: Sequence[Detection]) -> NDArray[np.float32]:
    """Boxes as float32 [N, 4]."""
    return np.array([one.box for one in found], np.float32).reshape(-1, 4)


def _framed(pixels: Pixels) -> Pixels:
    scale = max(1.0, MIN_SIDE / min(pixels.shape[:2]))
    large = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    edge = int(BORDER * large.shape[0])
    return np.asarray(cv2.copyMakeBorder(large, edge, edge, edge, edge, cv2.BORDER_REPLICATE), np.uint8)
