"""Pictures in, faces out, by the same functions that the services use."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.catalogue import CATALOGUE, DEFAULTS
from models.catalogue.card import ModelCard, Task
from models.processing.views import View
from models.runtime.detector import Detection, DetectorModel, canvas_of, detections_of
from models.runtime.session import OrtSession, SessionOptions
from models.runtime.store import WeightStore

Pixels = NDArray[np.uint8]
Vectors = NDArray[np.float32]

_ENLARGE, _BORDER = 2, 0.5


@dataclass(frozen=True, slots=True)
class Face:
    """One face and the picture it was found in."""

    pixels: Pixels
    detection: Detection

    @property
    def box(self) -> tuple[float, float, float, float]:
        left, top, width, height = (float(value) for value in self.detection.box)
        return left, top, width, height

    @property
    def side(self) -> float:
        return max(self.box[2:])

    def crop(self, card: ModelCard, scale: float | None = None) -> Pixels:
        """What the card's network sees of the face; ``scale`` tries another crop than the card's."""
        rule = card.crop if scale is None else replace(card.crop, scale=scale)
        view = View(rule, card.input.width, card.input.height)
        return view.cut(self.pixels, self.detection.box, self.detection.points)


class Loader:
    """Sessions and faces from a mirror of the published weights."""

    def __init__(self, mirror: str, cache: Path, options: SessionOptions | None = None) -> None:
        self._store = WeightStore(cache, mirror=mirror, offline=True)
        self._options = options
        self._card = CATALOGUE[DEFAULTS[Task.FACE_DETECTION][0]]
        self._detector = DetectorModel(self.session(self._card))

    def session(self, card: ModelCard) -> OrtSession:
        return OrtSession(card, self.graph(card), self._options)

    def graph(self, card: ModelCard) -> Path:
        """Where the graph of a published model lies."""
        return self._store.resolve(card)

    def faces(self, pixels: Pixels, min_score: float = 0.6) -> list[Face]:
        """Faces of a picture, best first; a smaller copy is searched where the picture itself shows none."""
        for scale in (1.0, 0.5):
            small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            canvas = canvas_of(self._card, small.astype(np.uint8))
            rows = self._detector.predict([canvas.canvas])[0]
            found = detections_of(rows, canvas, min_score, scale)
            if found:
                return [Face(pixels, detection) for detection in found]
        return []


def parser(description: str | None) -> argparse.ArgumentParser:
    """The arguments that every calibration takes."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--mirror", required=True, help="folder or address with the published weight files")
    made.add_argument("--cache", type=Path, help="folder for the graphs; a temporary one if left out")
    return made


def loader(options: argparse.Namespace) -> Loader:
    """Put a loader together from the arguments."""
    return Loader(options.mirror, options.cache or Path(tempfile.mkdtemp(prefix="graphs-")))


def pictures(
    folder: Path, pattern: str = "*.jpg", wanted: Callable[[Path], bool] = lambda path: True
) -> Iterator[tuple[Path, Pixels]]:
    """Every picture of a folder with its path, in the order of the names; only the wanted ones are read."""
    for path in filter(wanted, sorted(folder.glob(pattern))):
        image = cv2.imread(str(path))
        if image is None:
            raise SystemExit(f"{path} is no picture.")
        yield path, image.astype(np.uint8)


def framed(image: Pixels) -> Pixels:
    """Enlarge and add a border: where a face fills its picture, the detector wants surroundings."""
    large = cv2.resize(image, None, fx=_ENLARGE, fy=_ENLARGE, interpolation=cv2.INTER_CUBIC)
    edge = int(_BORDER * large.shape[0])
    bordered = cv2.copyMakeBorder(large, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
    return bordered.astype(np.uint8)


def frames(video: Path, step: int, count: int) -> list[Pixels]:
    """Every ``step``-th frame, at most ``count``."""
    capture, found = cv2.VideoCapture(str(video)), []
    for index in range(step * count):
        present, frame = capture.read()
        if not present:
            break
        if index % step == 0:
            found.append(frame.astype(np.uint8))
    capture.release()
    return found
